//! The verbs: what stands behind each, and which keys stand beside it.

use super::Key;
use super::Shape;

/// A verb of the language.
#[derive(Debug, Clone, Copy)]
pub struct Verb {
    pub kind: VerbKind,
    pub name: &'static str,
    /// What stands behind the verb itself.
    pub subject: Shape,
    pub arguments: &'static [Key],
    /// Arguments of which exactly one stands beside it.
    pub either: &'static [&'static str],
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

    const fn new(
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
            either: &[],
            help,
        }
    }

    const fn either(self, names: &'static [&'static str]) -> Self {
        Self {
            either: names,
            ..self
        }
    }
}

/// How `call` may ask, as people write it.
const METHODS: &[&str] = &[
    "get", "post", "put", "patch", "delete", "GET", "POST", "PUT", "PATCH", "DELETE",
];

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
    Verb::new(
        VerbKind::List,
        "list",
        Shape::SugarName,
        &[FIELDS, ORDER_BY, LIMIT],
        "all records of a module",
    ),
    Verb::new(
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
    Verb::new(
        VerbKind::Count,
        "count",
        Shape::SugarName,
        &[WHERE],
        "how many records meet conditions",
    ),
    Verb::new(
        VerbKind::Get,
        "get",
        Shape::SugarName,
        &[RECORD, FIELDS],
        "one record by its id",
    ),
    Verb::new(
        VerbKind::Related,
        "related",
        Shape::SugarName,
        &[RECORD, THROUGH, WHERE, FIELDS, LIMIT],
        "records linked to a record",
    ),
    Verb::new(
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
    Verb::new(
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
    Verb::new(
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
    Verb::new(
        VerbKind::Me,
        "me",
        Shape::Nothing,
        &[],
        "the user who is logged in",
    ),
    Verb::new(
        VerbKind::Ping,
        "ping",
        Shape::Nothing,
        &[],
        "whether the instance answers",
    ),
    Verb::new(
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
            Key::optional(
                "assume",
                Shape::OneOf(&["new"]),
                "`new` to plan without asking which ids exist already, for a first load of very many records",
            ),
        ],
        "a new record",
    ),
    Verb::new(
        VerbKind::Update,
        "update",
        Shape::SugarName,
        &[RECORD, SET_SOME, ADD, REMOVE],
        "changes to a record",
    ),
    Verb::new(
        VerbKind::Upsert,
        "upsert",
        Shape::SugarName,
        &[
            Key::optional(
                "match",
                Shape::Fields,
                "the fields that find the record; in its place `sync_key`",
            ),
            Key::optional(
                "sync_key",
                Shape::Template,
                "the record's key in another system; for administrators, and undo cannot take it back",
            ),
            SET_SOME,
            ADD,
            REMOVE,
        ],
        "an update of the record that matches, or a create",
    )
    .either(&["match", "sync_key"]),
    Verb::new(
        VerbKind::Delete,
        "delete",
        Shape::SugarName,
        &[RECORD],
        "the end of a record",
    ),
    Verb::new(
        VerbKind::Link,
        "link",
        Shape::SugarName,
        &[RECORD, THROUGH, TO],
        "a link between records",
    ),
    Verb::new(
        VerbKind::Unlink,
        "unlink",
        Shape::SugarName,
        &[RECORD, THROUGH, TO],
        "the end of a link",
    ),
    Verb::new(
        VerbKind::Favorite,
        "favorite",
        Shape::SugarName,
        &[RECORD],
        "a record marked as favorite",
    ),
    Verb::new(
        VerbKind::Unfavorite,
        "unfavorite",
        Shape::SugarName,
        &[RECORD],
        "a favorite no more",
    ),
    Verb::new(
        VerbKind::Call,
        "call",
        Shape::Nothing,
        &[
            Key::required(
                "method",
                Shape::OneOf(METHODS),
                "the HTTP method; only `get` runs in a plan, any other counts as one change and cannot be undone",
            ),
            Key::required(
                "path",
                Shape::Path,
                "what follows the version, such as `/Accounts/duplicateCheck`, unescaped; or a list of its parts",
            ),
            Key::optional(
                "query",
                Shape::Fields,
                "names and values of the query; a list or a map is sent as JSON",
            ),
            Key::optional("body", Shape::Body, "the JSON to send; not with `get`"),
        ],
        "any other endpoint; of its answer `select` finds parts, a list is `records`, the fields of a map are the item's",
    ),
    Verb::new(
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
    Verb::new(
        VerbKind::Include,
        "include",
        Shape::SugarName,
        &[Key::optional("with", Shape::Fields, "values for its vars")],
        "the steps of another playbook, whose file stands here",
    ),
    Verb::new(
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
