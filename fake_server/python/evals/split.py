"""Code as statements to run and the expression at its end, which gives the value."""

import __future__
from ast import AST, PyCF_ONLY_AST, Expr, Expression, Module

FUTURES = 0
for _name in __future__.all_feature_names:
    FUTURES |= getattr(__future__, _name).compiler_flag

MARK = "\ufeff"
# What a line of several statements may begin with that hold them together.
COMPOUND = frozenset(
    "if while for try with def class async @ else elif except finally".split()
)
OPEN = frozenset("([{")
CLOSED = frozenset(")]}")


def split(source, filename):
    """What `source` compiles to: statements, expression; each may be None."""
    if source.startswith(MARK):
        source = source[1:]
    try:
        tree = parse(source, filename)
        return split_tree(tree, filename)
    except RecursionError:
        # Before 3.13, trees as objects may not be as deep as what the compiler takes as text.
        return split_text(source, filename)


def parse(source, filename):
    """The tree of `source`. Code that is indented as a whole is taken as if it were not."""
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
    """The tree of code whose lines are all indented; None if they are not.

    It is the block of a statement that is put before it, so that strings of several lines keep what
    they are, and all but the numbers of the lines is right at once.
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
    """Makes all numbers of lines one less."""
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
    """`error` with numbers of lines that are one less."""
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
    """As `split_tree`, by the text alone."""
    whole = compile(source, filename, "exec", dont_inherit=True)
    start = start_of_last(source)
    if start is None:
        return whole, None
    line, column = start
    lines = source.split("\n")
    before = "\n".join([*lines[: line - 1], lines[line - 1][:column]])
    rest = "\n".join([lines[line - 1][column:], *lines[line:]])
    # In brackets, which take what is an expression only; they leave lines and columns as they are.
    if column > 0:
        text = "\n" * (line - 1) + "(" + " " * (column - 1) + rest + "\n)"
    elif line > 1:
        text = "\n" * (line - 2) + "(\n" + rest + "\n)"
    else:
        text = rest
    flags = whole.co_flags & FUTURES
    try:
        expression = compile(text, filename, "eval", flags, dont_inherit=True)
    except SyntaxError:
        return whole, None
    statements = compile(before, filename, "exec", dont_inherit=True) if before.strip() else None
    return statements, expression


def start_of_last(source):
    """Line and column of the last statement that is not inside of another one; None if none is."""
    import io
    import tokenize

    first = None  # of a logical line
    start = None
    depth = level = 0
    is_new = True
    pending = None  # behind a semicolon: a statement may begin
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
