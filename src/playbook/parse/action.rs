//! A verb with its arguments.

use super::super::Action;
use super::super::ast::AssertArgs;
use super::super::ast::CountArgs;
use super::super::ast::CreateArgs;
use super::super::ast::DeleteArgs;
use super::super::ast::EnumArgs;
use super::super::ast::FavoriteArgs;
use super::super::ast::Fields;
use super::super::ast::FilterArgs;
use super::super::ast::FilterMethod;
use super::super::ast::GetArgs;
use super::super::ast::LinkArgs;
use super::super::ast::ListArgs;
use super::super::ast::MetadataArgs;
use super::super::ast::RelatedArgs;
use super::super::ast::SearchArgs;
use super::super::ast::Under;
use super::super::ast::UpdateArgs;
use super::super::code;
use super::super::language::Shape;
use super::super::language::UNDER;
use super::super::language::Verb;
use super::super::language::VerbKind;
use super::super::language::find;
use super::super::node::Node;
use super::entries::Entries;
use super::reader::Reader;
use super::reader::is_template;
use super::reader::wants;
use super::verb::missing_argument;
use super::verb::verb_not_yet;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Span;

const METHODS: [(&str, FilterMethod); 2] =
    [("get", FilterMethod::Get), ("post", FilterMethod::Post)];

/// Takes the verb's arguments out of the step. Every one is read before any lack of one ends it.
pub(super) fn action(
    reader: &mut Reader<'_>,
    entries: &mut Entries,
    verb: &'static Verb,
    verb_span: Span,
    subject: Located<Node>,
) -> Option<Action> {
    let mut from = Arguments {
        reader,
        entries,
        verb,
        verb_span,
        // Arguments that stand below the verb are one mistake, not one each.
        are_below: matches!(
            (&subject.value, verb.subject),
            (Node::Map(_), Shape::SugarName)
        ),
    };
    match verb.kind {
        VerbKind::List => {
            let (module, fields, order_by, limit) = (
                from.module(subject),
                from.names("fields"),
                from.text("order_by"),
                from.limit(),
            );
            Some(Action::List(ListArgs {
                module: module?,
                fields,
                order_by,
                limit,
            }))
        }
        VerbKind::Filter => {
            let module = from.module(subject);
            let args = (from.condition(), from.text("saved_filter"), from.method());
            let (fields, order_by, limit) =
                (from.names("fields"), from.text("order_by"), from.limit());
            let (condition, saved_filter, method) = args;
            Some(Action::Filter(FilterArgs {
                module: module?,
                condition,
                saved_filter,
                method,
                fields,
                order_by,
                limit,
            }))
        }
        VerbKind::Count => {
            let (module, condition) = (from.module(subject), from.condition());
            Some(Action::Count(CountArgs {
                module: module?,
                condition,
            }))
        }
        VerbKind::Get => {
            let (module, record, fields) =
                (from.module(subject), from.record(), from.names("fields"));
            Some(Action::Get(GetArgs {
                module: module?,
                record: record?,
                fields,
            }))
        }
        VerbKind::Related => {
            let (module, record, through) = (from.module(subject), from.record(), from.through());
            let (condition, fields, limit) = (from.condition(), from.names("fields"), from.limit());
            Some(Action::Related(RelatedArgs {
                module: module?,
                record: record?,
                through: through?,
                condition,
                fields,
                limit,
            }))
        }
        VerbKind::Search => {
            let (modules, limit) = (from.names("modules"), from.limit());
            let text = from.reader.text(verb.name, subject)?;
            Some(Action::Search(SearchArgs {
                text: text.map(Node::Text),
                modules: modules.unwrap_or_default(),
                limit,
            }))
        }
        VerbKind::Enum => {
            let (module, field) = (from.module(subject), from.name("field"));
            Some(Action::Enum(EnumArgs {
                module: module?,
                field: field?,
            }))
        }
        VerbKind::Metadata => {
            let modules = from.names("modules");
            from.nothing(&subject)?;
            Some(Action::Metadata(MetadataArgs {
                modules: modules.unwrap_or_default(),
            }))
        }
        VerbKind::Me => from.nothing(&subject).map(|()| Action::Me),
        VerbKind::Ping => from.nothing(&subject).map(|()| Action::Ping),
        VerbKind::Create => {
            let (module, set, under) = (from.module(subject), from.set(), from.under());
            Some(Action::Create(CreateArgs {
                module: module?,
                set: set?,
                under: under.ok()?,
            }))
        }
        VerbKind::Update => {
            let (module, record, set) = (from.module(subject), from.record(), from.set());
            Some(Action::Update(UpdateArgs {
                module: module?,
                record: record?,
                set: set?,
            }))
        }
        VerbKind::Delete => {
            let (module, record) = (from.module(subject), from.record());
            Some(Action::Delete(DeleteArgs {
                module: module?,
                record: record?,
            }))
        }
        VerbKind::Link => from.link(subject).map(Action::Link),
        VerbKind::Unlink => from.link(subject).map(Action::Unlink),
        VerbKind::Favorite => from.favorite(subject).map(Action::Favorite),
        VerbKind::Unfavorite => from.favorite(subject).map(Action::Unfavorite),
        VerbKind::Assert => {
            let (conditions, message) = (from.conditions(subject), from.text("message"));
            Some(Action::Assert(AssertArgs {
                conditions: conditions?,
                message,
            }))
        }
        VerbKind::Upsert | VerbKind::Call | VerbKind::Include | VerbKind::Export => {
            reader.report(verb_not_yet(verb, verb_span));
            None
        }
    }
}

/// An argument that is there and cannot be read; its problem is reported.
struct Unreadable;

struct Arguments<'a, 's> {
    reader: &'a mut Reader<'s>,
    entries: &'a mut Entries,
    verb: &'static Verb,
    verb_span: Span,
    are_below: bool,
}

impl Arguments<'_, '_> {
    /// An argument by its name; if the table calls it required and it is missing, that is reported.
    fn take(&mut self, name: &str) -> Option<Located<Node>> {
        let key = find(self.verb.arguments, name)
            .expect("the table holds every argument the parser asks for");
        let value = self.entries.take(name);
        let is_excused = self.are_below || self.entries.has_misspelt(name);
        if value.is_none() && key.is_required() && !is_excused {
            self.reader
                .report(missing_argument(self.verb, key, self.verb_span));
        }
        value
    }

    /// The module behind the verb.
    fn module(&mut self, subject: Located<Node>) -> Option<Located<String>> {
        let verb = self.verb.name;
        let help = match &subject.value {
            Node::Text(_) => return self.reader.plain_text(verb, subject),
            Node::Map(entries) => {
                let module = entries.iter().find(|(key, _)| key.value == "module");
                let module = match module {
                    Some((_, module)) => self.reader.written(module.span),
                    None => "Accounts",
                };
                format!("write `{verb}: {module}`, and its arguments beside `{verb}`, not below it")
            }
            _ => format!("such as `{verb}: Accounts`"),
        };
        let problem = wants(verb, "the name of a module", &subject).help(help);
        self.reader.report(problem);
        None
    }

    fn nothing(&mut self, subject: &Located<Node>) -> Option<()> {
        match &subject.value {
            Node::Null => return Some(()),
            Node::Map(entries) if entries.is_empty() => return Some(()),
            _ => {}
        }
        let verb = self.verb.name;
        let message = format!("nothing stands behind `{verb}`");
        self.reader.invalid(
            subject.span,
            message,
            "not wanted",
            format!("write `{verb}: {{}}`"),
        );
        None
    }

    fn name(&mut self, name: &'static str) -> Option<Located<String>> {
        let node = self.take(name)?;
        self.reader.plain_text(name, node)
    }

    fn through(&mut self) -> Option<Located<String>> {
        self.name("through")
    }

    fn names(&mut self, name: &'static str) -> Option<Vec<Located<String>>> {
        let node = self.take(name)?;
        self.reader.plain_texts(name, node)
    }

    fn text(&mut self, name: &'static str) -> Option<Located<String>> {
        let node = self.take(name)?;
        self.reader.text(name, node)
    }

    fn limit(&mut self) -> Option<Located<u64>> {
        let node = self.take("limit")?;
        self.reader.whole("limit", &node, 1)
    }

    fn method(&mut self) -> FilterMethod {
        self.take("method")
            .and_then(|node| self.reader.choice("method", &node, &METHODS))
            .unwrap_or_default()
    }

    fn record(&mut self) -> Option<Located<Node>> {
        let node = self.take("record")?;
        self.id("record", node)
    }

    /// An id is text, whatever YAML takes `1` for.
    fn id(&mut self, name: &str, node: Located<Node>) -> Option<Located<Node>> {
        match node.value {
            Node::Text(ref text) if !text.trim().is_empty() => Some(node),
            Node::Int(_) => {
                let written = self.reader.written(node.span).to_owned();
                Some(Located::new(Node::Text(written), node.span))
            }
            _ => {
                let problem =
                    wants(name, "the id of a record", &node).help("such as `\"{{ item.id }}\"`");
                self.reader.report(problem);
                None
            }
        }
    }

    fn condition(&mut self) -> Option<Located<Node>> {
        let node = self.take("where")?;
        match &node.value {
            Node::Map(_) | Node::List(_) => Some(node),
            Node::Text(text) if is_template(text) => Some(node),
            _ => {
                let problem = wants("where", "a filter: a map, or a list of maps", &node)
                    .help("such as `{ status: New }` or `{ amount: { $gt: 1000 } }`");
                self.reader.report(problem);
                None
            }
        }
    }

    fn set(&mut self) -> Option<Fields> {
        let node = self.take("set")?;
        match node.value {
            Node::Map(fields) => Some(fields),
            value => {
                let found = Located::new(value, node.span);
                let problem = wants("set", "a map of fields and values", &found)
                    .help("such as `{ name: Acme, phone_office: \"+49 30 1234\" }`");
                self.reader.report(problem);
                None
            }
        }
    }

    /// What was not written is fine, what cannot be read is not.
    fn under(&mut self) -> Result<Option<Under>, Unreadable> {
        const OWNER: &str = "`under`";
        let Some(node) = self.take("under") else {
            return Ok(None);
        };
        let mut entries = Entries::of(self.reader, "under", node).ok_or(Unreadable)?;
        let mut argument = |reader: &mut Reader<'_>, name| {
            let key = find(UNDER, name).expect("the table holds every key the parser asks for");
            entries.require(reader, OWNER, key)
        };
        let module = argument(self.reader, "module");
        let record = argument(self.reader, "record");
        let through = argument(self.reader, "through");
        entries.finish(self.reader, OWNER, UNDER);
        let module = module.and_then(|node| self.reader.plain_text("module", node));
        let record = record.and_then(|node| self.id("record", node));
        let through = through.and_then(|node| self.reader.plain_text("through", node));
        match (module, record, through) {
            (Some(module), Some(record), Some(through)) => Ok(Some(Under {
                module,
                record,
                through,
            })),
            _ => Err(Unreadable),
        }
    }

    fn link(&mut self, subject: Located<Node>) -> Option<LinkArgs> {
        let (module, record, through, to) = (
            self.module(subject),
            self.record(),
            self.through(),
            self.targets(),
        );
        Some(LinkArgs {
            module: module?,
            record: record?,
            through: through?,
            to: to?,
        })
    }

    fn favorite(&mut self, subject: Located<Node>) -> Option<FavoriteArgs> {
        let (module, record) = (self.module(subject), self.record());
        Some(FavoriteArgs {
            module: module?,
            record: record?,
        })
    }

    /// An id, a template, a list of ids, or maps with an id and columns.
    fn targets(&mut self) -> Option<Located<Node>> {
        let node = self.take("to")?;
        let span = node.span;
        match node.value {
            Node::List(items) => {
                let count = items.len();
                let targets: Vec<_> = items
                    .into_iter()
                    .filter_map(|item| self.target(item))
                    .collect();
                (targets.len() == count).then(|| Located::new(Node::List(targets), span))
            }
            value => self.target(Located::new(value, span)),
        }
    }

    fn target(&mut self, node: Located<Node>) -> Option<Located<Node>> {
        let Node::Map(entries) = &node.value else {
            return self.id("to", node);
        };
        if entries.iter().any(|(key, _)| key.value == "id") {
            return Some(node);
        }
        let problem = Problem::error(code::MISSING_PARAMETER, "a map in `to` wants an `id`")
            .at(node.span, "no `id` here")
            .help("such as `{ id: \"{{ item.id }}\", contact_role: Influencer }`");
        self.reader.report(problem);
        None
    }

    /// One expression, or a list of them.
    fn conditions(&mut self, subject: Located<Node>) -> Option<Vec<Located<String>>> {
        let verb = self.verb.name;
        match subject.value {
            Node::List(items) if items.is_empty() => {
                let help = "such as `\"{{ steps.stale.count > 0 }}\"`".to_owned();
                let message = format!("`{verb}` asserts nothing");
                self.reader
                    .invalid(subject.span, message, "an empty list", help);
                None
            }
            Node::List(items) => {
                let count = items.len();
                let conditions: Vec<_> = items
                    .into_iter()
                    .filter_map(|item| self.reader.expression(verb, item))
                    .collect();
                (conditions.len() == count).then_some(conditions)
            }
            _ => self
                .reader
                .expression(verb, subject)
                .map(|condition| vec![condition]),
        }
    }
}
