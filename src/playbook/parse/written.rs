//! What a record is to have, in the verbs that write it.

use super::super::ast::Fields;
use super::super::ast::Under;
use super::super::code;
use super::super::language::UNDER;
use super::super::language::find;
use super::super::node::Node;
use super::arguments::Arguments;
use super::entries::Entries;
use super::reader::Reader;
use super::reader::wants;
use super::verb::missing_argument;
use crate::diag::Located;
use crate::diag::Problem;

/// What a record is to have.
pub(super) struct ChangedFields {
    pub(super) set: Fields,
    pub(super) add: Fields,
    pub(super) remove: Fields,
}

/// How an upsert finds its record.
pub(super) enum Finder {
    Match(Fields),
    SyncKey(Located<String>),
}

impl Arguments<'_, '_> {
    pub(super) fn set(&mut self) -> Fields {
        let set = self.take("set").and_then(|node| self.fields("set", node));
        set.unwrap_or_else(|| self.unknown_fields())
    }

    /// Stands for fields that cannot be read, so that the rest of the step can be judged.
    fn unknown_fields(&mut self) -> Fields {
        self.reader.lacks_a_part(self.verb_span);
        Fields::new()
    }

    /// None, where it cannot be read. A list of maps is one mistake, and none of its fields is.
    pub(super) fn fields(&mut self, name: &str, node: Located<Node>) -> Option<Fields> {
        let value = match node.value {
            Node::Map(fields) => return Some(fields),
            value => value,
        };
        let help = match (&value, name) {
            (Node::List(items), _)
                if items.iter().any(|item| matches!(item.value, Node::Map(_))) =>
            {
                format!("write the fields of `{name}` without dashes")
            }
            (Node::Null, _) => format!(
                "write each field below `{name}`, indented deeper than it, such as `name: Acme`"
            ),
            (_, "set") => "such as `{ name: Acme, phone_office: \"+49 30 1234\" }`".to_owned(),
            (_, "match") => "such as `{ name: \"{{ item.name }}\" }`".to_owned(),
            _ => "such as `{ tag: [VIP] }`".to_owned(),
        };
        let found = Located::new(value, node.span);
        let problem = wants(name, "a map of fields and values", &found).help(help);
        self.reader.report(problem);
        let Node::List(items) = found.value else {
            return None;
        };
        let maps = items.into_iter().map(|item| match item.value {
            Node::Map(fields) => Some(fields),
            _ => None,
        });
        let fields: Vec<Fields> = maps.collect::<Option<_>>()?;
        Some(fields.into_iter().flatten().collect())
    }

    /// What finds the record of an upsert.
    pub(super) fn finder(&mut self) -> Option<Finder> {
        let matching = self.entries.take_entry("match");
        let sync_key = self.entries.take_entry("sync_key");
        match (matching, sync_key) {
            (Some((_, node)), None) => Some(Finder::Match(self.matching(node))),
            (None, Some((_, node))) => self.sync_key(node).map(Finder::SyncKey),
            (Some((matching, _)), Some((sync_key, _))) => {
                let message = "this upsert finds its record in two ways";
                let problem = Problem::error(code::MISPLACED_KEY, message)
                    .at(sync_key.span, "by its key in another system")
                    .at(matching.span, "by its values")
                    .help("write one of the two");
                self.reader.report(problem);
                None
            }
            (None, None) => {
                if !self.are_below {
                    let message = "`upsert` wants `match` or `sync_key`";
                    let problem = Problem::error(code::MISSING_PARAMETER, message)
                        .at(self.verb_span, "which record?")
                        .help("add `match`: the fields that find the record, such as `{ name: \"{{ item.name }}\" }`");
                    self.reader.report(problem);
                }
                None
            }
        }
    }

    fn sync_key(&mut self, node: Located<Node>) -> Option<Located<String>> {
        let text = self.reader.text("sync_key", node)?;
        if text.value.trim().is_empty() {
            let message = "`sync_key` is empty".to_owned();
            let help = "such as `\"{{ item.code }}\"`".to_owned();
            self.reader
                .invalid(text.span, message, "no text here", help);
            return None;
        }
        Some(text)
    }

    /// What a record found by its key in another system has is not known for certain, so no part of it can be changed.
    pub(super) fn only_set(
        &mut self,
        sync_key: &Located<String>,
        set: &Fields,
        add: &Fields,
        remove: &Fields,
    ) {
        for (part, fields) in [("add", add), ("remove", remove)] {
            if let Some((name, _)) = fields.first() {
                let message = format!("`{part}` does not go with `sync_key`");
                let problem = Problem::error(code::MISPLACED_KEY, message)
                    .at(name.span, "a part of what the record has")
                    .at(sync_key.span, "what that record has is not read")
                    .help("write the whole value in `set`, or find the record by `match`");
                self.reader.report(problem);
            }
        }
        if let Some((name, _)) = set.iter().find(|(name, _)| name.value == "sync_key") {
            let problem = Problem::error(
                code::INVALID_PARAMETER,
                "`sync_key` finds the record, and is changed",
            )
            .at(name.span, "is changed here")
            .at(sync_key.span, "finds the record")
            .help("remove it from `set`; a new record gets the key all the same");
            self.reader.report(problem);
        }
    }

    fn matching(&mut self, node: Located<Node>) -> Fields {
        let span = node.span;
        let Some(mut fields) = self.fields("match", node) else {
            return self.unknown_fields();
        };
        for (name, value) in &mut fields {
            let is_empty = match &value.value {
                Node::Null => true,
                Node::Text(text) => text.is_empty(),
                _ => false,
            };
            if is_empty {
                let message = format!("`match` cannot find a record by an empty `{}`", name.value);
                let help = "write the value that the record has, or match by another field";
                self.reader.invalid(
                    value.span,
                    message,
                    "nothing to compare with",
                    help.to_owned(),
                );
                value.value = Node::Unread;
            }
        }
        if fields.is_empty() {
            let message = "`match` matches every record".to_owned();
            let help = "name the fields that tell one record from all others".to_owned();
            self.reader.invalid(span, message, "an empty map", help);
        }
        fields
    }

    /// What finds a record cannot change in the same step: the next run would not find it.
    pub(super) fn not_both<'f>(
        &mut self,
        matching: &Fields,
        set: impl Iterator<Item = &'f (Located<String>, Located<Node>)>,
    ) {
        for (name, _) in set {
            let found = matching.iter().find(|(found, _)| found.value == name.value);
            if let Some((found, _)) = found {
                let message = format!("`{}` finds the record, and is changed", name.value);
                let problem = Problem::error(code::INVALID_PARAMETER, message)
                    .at(name.span, "is changed here")
                    .at(found.span, "finds the record")
                    .help("write one of the two; a new record gets what `match` says, too");
                self.reader.report(problem);
            }
        }
    }

    /// `set`, `add` and `remove`, one of which must be there.
    pub(super) fn changed_fields(&mut self) -> ChangedFields {
        let nodes = ["set", "add", "remove"].map(|name| (name, self.take(name)));
        if nodes.iter().all(|(_, node)| node.is_none()) {
            if !self.are_below {
                let key = find(self.verb.arguments, "set")
                    .expect("the table holds every argument the parser asks for");
                self.reader
                    .report(missing_argument(self.verb, key, self.verb_span));
            }
            self.reader.lacks_a_part(self.verb_span);
        }
        let [set, add, remove] = nodes.map(|(name, node)| match node {
            Some(node) => self
                .fields(name, node)
                .unwrap_or_else(|| self.unknown_fields()),
            None => Fields::new(),
        });
        let fields = ChangedFields { set, add, remove };
        for (name, _) in fields.add.iter().chain(&fields.remove) {
            let whole = fields.set.iter().find(|(set, _)| set.value == name.value);
            if let Some((whole, _)) = whole {
                let message = format!("`{}` is set as a whole, and in part", name.value);
                let problem = Problem::error(code::INVALID_PARAMETER, message)
                    .at(name.span, "in part")
                    .at(whole.span, "as a whole")
                    .help("write one of the two");
                self.reader.report(problem);
            }
        }
        fields
    }

    /// None also where it cannot be read: the rest of the step is judged without it.
    pub(super) fn under(&mut self) -> Option<Under> {
        const OWNER: &str = "`under`";
        let node = self.take("under")?;
        let mut entries = Entries::of(self.reader, "under", node)?;
        entries.mend(self.reader, OWNER, &UNDER.iter().map(|key| key.name));
        let mut argument = |reader: &mut Reader<'_>, name| {
            let key = find(UNDER, name).expect("the table holds every key the parser asks for");
            entries.require(reader, OWNER, key)
        };
        let module = argument(self.reader, "module");
        let record = argument(self.reader, "record");
        let through = argument(self.reader, "through");
        entries.finish(self.reader, OWNER, UNDER);
        let module = module.and_then(|node| self.reader.plain_text("module", node));
        let record = record.map(|node| self.id("record", node));
        let through = through.and_then(|node| self.reader.plain_text("through", node));
        Some(Under {
            module: module?,
            record: record?,
            through: through?,
        })
    }
}
