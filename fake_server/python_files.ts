/**
 * The python side's files as text: a package that comes from a registry has no files to read.
 *
 * @module
 */
/** Name and source of each. */
export const PYTHON_FILES: Readonly<Record<string, string>> = {};
