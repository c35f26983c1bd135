//! The verbs: what stands behind each, and which keys stand beside it.

use super::Key;
use super::Shape;
use super::Support;

/// A verb of the language.
#[derive(Debug, Clone, Copy)]
pub struct Verb {
    pub kind: VerbKind,
    pub name: &'static str,
    /// What stands behind the verb itself.
    pub subject: Shape,
    pub arguments: &'static [Key],
    pub support: Support,
    /// One line, a fragment that fits after a colon.
    pub help: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VerbKind {
    List,
    Filter,
    Count,
    Get,
    Related,
    Search,
    Enum,
    Metadata,
    Me,
    Ping,
    Create,
    Update,
    Upsert,
    Delete,
    Link,
    Unlink,
    Favorite,
    Unfavorite,
    Call,
    Assert,
    Include,
    Export,
}

/// Keys of a step that mean the same for all steps of an included playbook.
const BESIDE_INCLUDE: &[&str] = &["id", "name", "tags", "when", "depends_on"];

/// Keys of a step that mean something for rows: one goes through them, chooses among them, waits for them.
const BESIDE_EXPORT: &[&str] = &["id", "name", "tags", "as", "when", "depends_on"];

impl Verb {
    /// Whether a key that steps have means something beside this verb.
    pub fn goes_with(&self, key: &str) -> bool {
        match self.kind {
            VerbKind::Include => BESIDE_INCLUDE.contains(&key),
            VerbKind::Export => BESIDE_EXPORT.contains(&key),
            _ => true,
        }
    }

    pub fn named(name: &str) -> Option<&'static Self> {
        VERBS.iter().find(|verb| verb.name == name)
    }

    pub fn is_supported(&self) -> bool {
        self.support == Support::Now
    }

    const fn now(
        kind: VerbKind,
        name: &'static str,
        subject: Shape,
        arguments: &'static [Key],
        help: &'static str,
    ) -> Self {
        Self {
            kind,
            name,
            subject,
            arguments,
            support: Support::Now,
            help,
        }
    }

    const fn later(
        kind: VerbKind,
        name: &'static str,
        arguments: &'static [Key],
        help: &'static str,
    ) -> Self {
        Self {
            kind,
            name,
            subject: Shape::Any,
            arguments,
            support: Support::Later,
            help,
        }
    }
}

const RECORD: Key = Key::required("record", Shape::Record, "the id of the record");
const SET: Key = Key::required("set", Shape::Fields, "the fields and their values");
/// `set` where `add` or `remove` may stand in its place.
const SET_SOME: Key = Key::optional("set", Shape::Fields, "the fields and their values");
const WHERE: Key = Key::optional("where", Shape::Condition, "Sugar's filter language");
const FIELDS: Key = Key::optional("fields", Shape::SugarNames, "the fields to fetch");
const ORDER_BY: Key = Key::optional(
    "order_by",
    Shape::Text,
    "such as `name:ASC,date_entered:DESC`",
);
const LIMIT: Key = Key::optional(
    "limit",
    Shape::WholeNumber(1),
    "the most records; all unless given",
);
const THROUGH: Key = Key::required(
    "through",
    Shape::SugarName,
    "the link field that leads to the other records",
);
const TO: Key = Key::required(
    "to",
    Shape::Targets,
    "the id of the other record, or a list of them",
);
/// The keys of `under`.
pub const UNDER: &[Key] = &[
    Key::required("module", Shape::SugarName, "the module of that record"),
    RECORD,
    THROUGH,
];
const ADD: Key = super::BESIDE_SET[0];
const REMOVE: Key = super::BESIDE_SET[1];

pub const VERBS: &[Verb] = &[
    Verb::now(
        VerbKind::List,
        "list",
        Shape::SugarName,
        &[FIELDS, ORDER_BY, LIMIT],
        "all records of a module",
    ),
    Verb::now(
        VerbKind::Filter,
        "filter",
        Shape::SugarName,
        &[
            WHERE,
            Key::optional(
                "saved_filter",
                Shape::Template,
                "the id of a filter saved in Sugar",
            ),
            Key::optional(
                "method",
                Shape::OneOf(&["get", "post"]),
                "how the filter is sent; `post` unless given",
            ),
            FIELDS,
            ORDER_BY,
            LIMIT,
        ],
        "records of a module that meet conditions",
    ),
    Verb::now(
        VerbKind::Count,
        "count",
        Shape::SugarName,
        &[WHERE],
        "how many records meet conditions",
    ),
    Verb::now(
        VerbKind::Get,
        "get",
        Shape::SugarName,
        &[RECORD, FIELDS],
        "one record by its id",
    ),
    Verb::now(
        VerbKind::Related,
        "related",
        Shape::SugarName,
        &[RECORD, THROUGH, WHERE, FIELDS, LIMIT],
        "records linked to a record",
    ),
    Verb::now(
        VerbKind::Search,
        "search",
        Shape::Template,
        &[
            Key::optional(
                "modules",
                Shape::SugarNames,
                "the modules to search; all unless given",
            ),
            LIMIT,
        ],
        "records that hold a text",
    ),
    Verb::now(
        VerbKind::Enum,
        "enum",
        Shape::SugarName,
        &[Key::required(
            "field",
            Shape::SugarName,
            "the dropdown field",
        )],
        "the values of a dropdown field",
    ),
    Verb::now(
        VerbKind::Metadata,
        "metadata",
        Shape::Nothing,
        &[Key::optional(
            "modules",
            Shape::SugarNames,
            "the modules to describe; all unless given",
        )],
        "what the instance says of its modules",
    ),
    Verb::now(
        VerbKind::Me,
        "me",
        Shape::Nothing,
        &[],
        "the user who is logged in",
    ),
    Verb::now(
        VerbKind::Ping,
        "ping",
        Shape::Nothing,
        &[],
        "whether the instance answers",
    ),
    Verb::now(
        VerbKind::Create,
        "create",
        Shape::SugarName,
        &[
            SET,
            Key::optional(
                "under",
                Shape::Map(UNDER),
                "the record it is created below, and the link that leads from there to it",
            ),
            Key::later("assume", "`new` to skip asking which ids exist"),
        ],
        "a new record",
    ),
    Verb::now(
        VerbKind::Update,
        "update",
        Shape::SugarName,
        &[RECORD, SET_SOME, ADD, REMOVE],
        "changes to a record",
    ),
    Verb::now(
        VerbKind::Upsert,
        "upsert",
        Shape::SugarName,
        &[
            Key::required("match", Shape::Fields, "the fields that find the record"),
            Key::later("sync_key", "the key of another system"),
            SET_SOME,
            ADD,
            REMOVE,
        ],
        "an update of the record that matches, or a create",
    ),
    Verb::now(
        VerbKind::Delete,
        "delete",
        Shape::SugarName,
        &[RECORD],
        "the end of a record",
    ),
    Verb::now(
        VerbKind::Link,
        "link",
        Shape::SugarName,
        &[RECORD, THROUGH, TO],
        "a link between records",
    ),
    Verb::now(
        VerbKind::Unlink,
        "unlink",
        Shape::SugarName,
        &[RECORD, THROUGH, TO],
        "the end of a link",
    ),
    Verb::now(
        VerbKind::Favorite,
        "favorite",
        Shape::SugarName,
        &[RECORD],
        "a record marked as favorite",
    ),
    Verb::now(
        VerbKind::Unfavorite,
        "unfavorite",
        Shape::SugarName,
        &[RECORD],
        "a favorite no more",
    ),
    Verb::later(
        VerbKind::Call,
        "call",
        &[
            Key::later("method", "the HTTP method"),
            Key::later("path", "the path behind the version"),
            Key::later("query", "the query"),
            Key::later("body", "the body"),
        ],
        "any other endpoint",
    ),
    Verb::now(
        VerbKind::Assert,
        "assert",
        Shape::Expressions,
        &[Key::optional(
            "message",
            Shape::Template,
            "what to say when one does not hold",
        )],
        "expressions that must hold",
    ),
    Verb::now(
        VerbKind::Include,
        "include",
        Shape::SugarName,
        &[Key::optional("with", Shape::Fields, "values for its vars")],
        "the steps of another playbook, whose file stands here",
    ),
    Verb::now(
        VerbKind::Export,
        "export",
        Shape::Rows,
        &[
            Key::required(
                "to",
                Shape::Template,
                "the file, whose ending says the format: .csv, .jsonl or .json",
            ),
            Key::optional(
                "columns",
                Shape::Fields,
                "their names, each with a template; the rows as they are unless given",
            ),
        ],
        "rows written to a file after all else is done",
    ),
];
