//! The keys of a playbook, of a step and of the maps inside them.

use super::Key;
use super::Shape;

pub const PLAYBOOK: &[Key] = &[
    Key::required(
        "version",
        Shape::Version,
        "the version of the language, always `1`",
    ),
    Key::required(
        "name",
        Shape::Text,
        "what the playbook is called; creates take their ids from it",
    ),
    Key::optional("description", Shape::Text, "what it does, for people"),
    Key::optional("vars", Shape::Vars, "what a caller may fill in"),
    Key::optional("limits", Shape::Map(LIMITS), "how much may change or fail"),
    Key::optional("settings", Shape::Map(SETTINGS), "how requests are sent"),
    Key::required("steps", Shape::Steps, "what is done"),
    Key::optional(
        "outputs",
        Shape::Outputs,
        "values to report at the end, each a template",
    ),
    Key::optional(
        "requires",
        Shape::Release,
        "the lowest version of sugarmill that can run it",
    ),
    Key::optional(
        "identity",
        Shape::Text,
        "what creates take their ids from in place of the site's address",
    ),
    Key::optional(
        "generation",
        Shape::WholeNumber(0),
        "raised to create again what was created and deleted",
    ),
];

pub const VAR: &[Key] = &[
    Key::required(
        "type",
        Shape::OneOf(&[
            "string", "integer", "number", "boolean", "date", "datetime", "list", "secret",
        ]),
        "what kind of value it takes",
    ),
    Key::optional("required", Shape::Flag, "whether a caller has to give it"),
    Key::optional(
        "default",
        Shape::Any,
        "the value when a caller gives none; may be a template",
    ),
    Key::optional("description", Shape::Text, "what it is for"),
];

pub const LIMITS: &[Key] = &[
    Key::optional(
        "max_changes",
        Shape::WholeNumber(0),
        "the most changes a run may make",
    ),
    Key::optional(
        "max_deletes",
        Shape::WholeNumber(0),
        "the most records it may delete; 0 unless given",
    ),
    Key::optional(
        "max_failures",
        Shape::Tolerance,
        "failures that are borne: a number, or a share such as `5%`",
    ),
    Key::optional(
        "max_calls",
        Shape::WholeNumber(0),
        "the most calls that are no `get`; `/bulk`, `/oauth2` and `MassUpdate` may be called only where it is given",
    ),
];

pub const SETTINGS: &[Key] = &[
    Key::optional(
        "batch_size",
        Shape::WholeNumber(1),
        "the most operations in one bulk request",
    ),
    Key::optional(
        "concurrency",
        Shape::WholeNumber(1),
        "the most requests at one time",
    ),
    Key::optional(
        "max_requests_per_second",
        Shape::PositiveNumber,
        "the most requests begun in a second",
    ),
    Key::optional(
        "request_timeout",
        Shape::Duration,
        "how long an answer is awaited; `120s` unless given",
    ),
    Key::optional(
        "max_outage",
        Shape::Duration,
        "how long an instance may be away; `1h` unless given",
    ),
    Key::optional(
        "timezone",
        Shape::Text,
        "the zone of `now()`, `today()` and datetimes without offset",
    ),
];

/// What every step may have besides its verb and the verb's arguments.
pub const STEP: &[Key] = &[
    Key::required("id", Shape::Name, "what other steps call it"),
    Key::optional("name", Shape::Text, "what reports call it"),
    Key::optional("tags", Shape::Texts, "words to choose steps by"),
    Key::optional(
        "for_each",
        Shape::ForEach,
        "the items it runs for: a template, a JSONPath, a list or a file",
    ),
    Key::optional(
        "as",
        Shape::Name,
        "what templates call an item; `item` unless given",
    ),
    Key::optional(
        "key",
        Shape::Template,
        "what identifies an item, the same in every run",
    ),
    Key::optional(
        "on_duplicate",
        Shape::OneOf(&["error", "first", "last"]),
        "which of two items with the same key counts",
    ),
    Key::optional(
        "when",
        Shape::Expression,
        "an expression; an item for which it is false is skipped",
    ),
    Key::optional(
        "select",
        Shape::JsonPath,
        "a JSONPath over the answer, giving `selected`",
    ),
    Key::optional(
        "expect",
        Shape::Expect,
        "what must hold of the result, which in its expressions is `steps.ID`; with `for_each` of each item's",
    ),
    Key::optional(
        "on_error",
        Shape::OnError,
        "what a failure does, for all labels or by label",
    ),
    Key::optional("depends_on", Shape::DependsOn, "steps to wait for"),
    Key::optional(
        "max",
        Shape::WholeNumber(0),
        "the most operations it may expand to",
    ),
    Key::optional(
        "alone",
        Shape::Flag,
        "whether its operations never share a request",
    ),
    Key::optional(
        "retry",
        Shape::Map(RETRY),
        "how often and how soon a request is repeated",
    ),
    Key::optional(
        "verify",
        Shape::Verify,
        "what it means when a field was not stored as sent",
    ),
    Key::optional(
        "unchecked",
        Shape::SugarNames,
        "fields whose errors in check are only warnings",
    ),
    Key::optional(
        "empty",
        Shape::OneOf(&["keep", "clear"]),
        "what an empty cell does to a field in an update",
    ),
];

/// Changes to a part of what a record has already; they stand beside `set`.
pub const BESIDE_SET: &[Key] = &[
    Key::optional(
        "add",
        Shape::Fields,
        "what to add to multi-selects, `tag`, `team_name` and `email`",
    ),
    Key::optional(
        "remove",
        Shape::Fields,
        "what to take out of multi-selects, `tag`, `team_name` and `email`",
    ),
];

pub const EXPECT: &[Key] = &[
    Key::optional("count", Shape::WholeNumber(0), "exactly so many records"),
    Key::optional("min", Shape::WholeNumber(0), "at least so many records"),
    Key::optional("max", Shape::WholeNumber(0), "at most so many records"),
];

pub const RETRY: &[Key] = &[
    Key::optional(
        "attempts",
        Shape::WholeNumber(1),
        "how often at most a request is sent",
    ),
    Key::optional(
        "backoff",
        Shape::Duration,
        "how long to wait before the second attempt",
    ),
];

/// The kinds of data file a step can run over. The key names the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Csv,
    Jsonl,
    Json,
    Xlsx,
}

pub const FILES: &[(FileKind, &str, &[Key])] = &[
    (FileKind::Csv, "csv", CSV),
    (FileKind::Jsonl, "jsonl", JSONL),
    (FileKind::Json, "json", JSON),
    (FileKind::Xlsx, "xlsx", XLSX),
];

pub const CSV: &[Key] = &[
    Key::required(
        "csv",
        Shape::Text,
        "a file with a heading line, beside the playbook",
    ),
    Key::optional(
        "delimiter",
        Shape::Character,
        "what stands between cells; `,` unless given",
    ),
    Key::optional(
        "quote",
        Shape::Character,
        "what stands around cells; `\"` unless given",
    ),
    Key::optional(
        "encoding",
        Shape::Text,
        "such as `windows-1252`; `utf-8` unless given",
    ),
];

pub const JSONL: &[Key] = &[Key::required(
    "jsonl",
    Shape::Text,
    "a file with a JSON value on every line",
)];

pub const JSON: &[Key] = &[
    Key::required("json", Shape::Text, "a file with one JSON document"),
    Key::optional(
        "select",
        Shape::JsonPath,
        "a JSONPath that finds the items; the document itself unless given",
    ),
];

pub const XLSX: &[Key] = &[
    Key::required(
        "xlsx",
        Shape::Text,
        "a workbook, beside the playbook; the first row of the sheet is its heading",
    ),
    Key::optional(
        "sheet",
        Shape::Text,
        "the sheet to read; the only one unless given",
    ),
];

/// What other tools call things, and what they are called here.
pub const OTHER_WORDS: &[(&str, &str)] = &[
    ("if", "when"),
    ("condition", "when"),
    ("loop", "for_each"),
    ("foreach", "for_each"),
    ("with_items", "for_each"),
    ("items", "for_each"),
    ("item", "as"),
    ("needs", "depends_on"),
    ("after", "depends_on"),
    ("wait_for", "depends_on"),
    ("data", "set"),
    ("values", "set"),
    ("attributes", "set"),
    ("body", "set"),
    ("record_id", "record"),
    ("criteria", "where"),
    ("sort", "order_by"),
    ("order", "order_by"),
    ("max_num", "limit"),
    ("link_name", "through"),
    ("relationship", "through"),
    ("thru", "through"),
    ("via", "through"),
    ("target", "to"),
    ("targets", "to"),
    ("label", "name"),
    ("title", "name"),
    ("variables", "vars"),
    ("tasks", "steps"),
    ("retries", "retry"),
    ("assertions", "expect"),
];
