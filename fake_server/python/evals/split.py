"""Splits code into statements to run and the last expression, which gives the value."""

import __future__
from ast import AST, PyCF_ONLY_AST, Expr, Expression, Module

FUTURES = 0
for _name in __future__.all_feature_names:
    FUTURES |= getattr(__future__, _name).compiler_flag

MARK = "\ufeff"
# If a line starts with one of these, its statements after a semicolon belong to the first.
COMPOUND = frozenset(
    "if while for try with def class async @ else elif except finally".split()
)
OPEN = frozenset("([{")
CLOSED = frozenset(")]}")


def split(source, filename):
    """Compiles `source` to statements and an expression; each may be None."""
    if source.startswith(MARK):
        source = source[1:]
    try:
        tree = parse(source, filename)
        return split_tree(tree, filename)
    except RecursionError:
        # Before 3.13 the compiler takes deeper nesting in text than in a tree of objects.
        return split_text(source, filename)


def parse(source, filename):
    """Parses `source`. Code that is indented as a whole is parsed as if it were not."""
    try:
        return compile(source, filename, "exec", PyCF_ONLY_AST, dont_inherit=True)
    except IndentationError as error:
        if not error.msg.startswith("unexpected indent"):
            raise
        tree = parse_indented(source, filename)
        if tree is None:
            raise
        return tree


def parse_indented(source, filename):
    """Parses code whose lines are all indented; None if they are not.

    We put an `if` statement before the code, so the code is its block. Strings of several lines
    keep their content, and only the line numbers need a correction.
    """
    try:
        tree = compile("if 1:\n" + source, filename, "exec", PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        if all(line[:1] in " \t" for line in source.splitlines() if line.strip()):
            raise up_one_line(error) from None
        return None
    if len(tree.body) != 1 or tree.body[0].orelse:
        return None
    body = tree.body[0].body
    move_up(body)
    return Module(body, [])


def move_up(nodes):
    """Decreases all line numbers by one."""
    for node in nodes:
        if isinstance(node, AST):
            if "lineno" in node._attributes:
                node.lineno -= 1
                if node.end_lineno is not None:
                    node.end_lineno -= 1
            move_up([getattr(node, name, None) for name in node._fields])
        elif type(node) is list:
            move_up(node)


def up_one_line(error):
    """Returns a copy of `error` with line numbers decreased by one."""
    message, (filename, line, column, text, *end) = error.args
    end[:1] = [end[0] - 1] if end and end[0] else end[:1]
    return type(error)(message, (filename, line - 1, column, text, *end))


def split_tree(tree, filename):
    last = tree.body[-1] if tree.body else None
    flags = 0
    statements = expression = None
    if isinstance(last, Expr):
        del tree.body[-1]
    if tree.body:
        statements = compile(tree, filename, "exec", dont_inherit=True)
        flags = statements.co_flags & FUTURES
    if isinstance(last, Expr):
        value = Expression(last.value)
        expression = compile(value, filename, "eval", flags, dont_inherit=True)
    return statements, expression


def split_text(source, filename):
    """Does what `split_tree` does, from the text alone."""
    whole = compile(source, filename, "exec", dont_inherit=True)
    start = start_of_last(source)
    if start is None:
        return whole, None
    line, column = start
    lines = source.split("\n")
    before = "\n".join([*lines[: line - 1], lines[line - 1][:column]])
    last = "\n".join([lines[line - 1][column:], *lines[line:]])
    # Only an expression can stand in parentheses. They leave lines and columns as they are.
    if column > 0:
        text = "\n" * (line - 1) + "(" + " " * (column - 1) + last + "\n)"
    elif line > 1:
        text = "\n" * (line - 2) + "(\n" + last + "\n)"
    else:
        text = last
    flags = whole.co_flags & FUTURES
    try:
        expression = compile(text, filename, "eval", flags, dont_inherit=True)
    except SyntaxError:
        return whole, None
    statements = compile(before, filename, "exec", dont_inherit=True) if before.strip() else None
    return statements, expression


def start_of_last(source):
    """Returns line and column of the last top-level statement; None if there is none."""
    import io
    import tokenize

    first = None  # the first token of a logical line
    start = None
    depth = level = 0
    is_new = True
    pending = None  # after a semicolon: a statement may begin
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind, text = token.type, token.string
        if kind in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
            continue
        if kind == tokenize.INDENT:
            level += 1
        elif kind == tokenize.DEDENT:
            level -= 1
        elif kind == tokenize.NEWLINE:
            is_new, pending = True, None
        else:
            if is_new:
                is_new, first, depth = False, text, 0
                if level == 0:
                    start = token.start
            elif pending:
                start, pending = token.start, None
            depth += (text in OPEN) - (text in CLOSED)
            if text == ";" and depth == 0 and level == 0 and first not in COMPOUND:
                pending = True
    return start
