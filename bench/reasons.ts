/**
 * Why a budget is missed, by the name of its axis: written by hand after a profile, and shown in the
 * report as long as the budget is missed.
 *
 * @module
 */

/** Known reasons. */
export const REASONS: Readonly<Record<string, string>> = {};
