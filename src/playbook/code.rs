//! The codes of mistakes in a playbook's text. Where Sugar has a label for the mistake, the code is that label.

use crate::diag::Code;

/// Not YAML at all.
pub const YAML_SYNTAX: Code = Code("yaml_syntax");
/// YAML that is too large, too deep or copies itself too often.
pub const YAML_LIMIT: Code = Code("yaml_limit");
/// A number that no JSON can carry as it was written.
pub const YAML_NUMBER: Code = Code("yaml_number");
/// A template that YAML reads as a map, because it has no quotes.
pub const UNQUOTED_TEMPLATE: Code = Code("unquoted_template");
pub const DUPLICATE_KEY: Code = Code("duplicate_key");
pub const UNREADABLE_FILE: Code = Code("unreadable_file");
pub const NOT_UTF8: Code = Code("not_utf8");
pub const EMPTY_PLAYBOOK: Code = Code("empty_playbook");
pub const UNKNOWN_KEY: Code = Code("unknown_key");
pub const MISPLACED_KEY: Code = Code("misplaced_key");
pub const MISSING_PARAMETER: Code = Code("missing_parameter");
pub const INVALID_PARAMETER: Code = Code("invalid_parameter");
pub const NO_VERB: Code = Code("no_verb");
pub const UNKNOWN_VERB: Code = Code("unknown_verb");
pub const TWO_VERBS: Code = Code("two_verbs");
pub const INVALID_NAME: Code = Code("invalid_name");
pub const DUPLICATE_STEP: Code = Code("duplicate_step");
/// The playbook asks for a newer sugarmill, or another version of the language.
pub const WRONG_VERSION: Code = Code("wrong_version");
/// An included playbook includes itself, too deeply, or too many.
pub const INCLUDE: Code = Code("include");
/// A file outside the playbook's folder.
pub const OUTSIDE: Code = Code("outside");
/// A workbook has no sheet of that name, or several and none is named.
pub const NO_SHEET: Code = Code("no_sheet");
pub const BAD_HEADING: Code = Code("bad_heading");
pub const BAD_ROW: Code = Code("bad_row");
