//! A verb with its arguments.

use super::super::Action;
use super::super::ast::AssertArgs;
use super::super::ast::CountArgs;
use super::super::ast::CreateArgs;
use super::super::ast::DeleteArgs;
use super::super::ast::EnumArgs;
use super::super::ast::FilterArgs;
use super::super::ast::GetArgs;
use super::super::ast::ListArgs;
use super::super::ast::MetadataArgs;
use super::super::ast::RelatedArgs;
use super::super::ast::SearchArgs;
use super::super::ast::UpdateArgs;
use super::super::ast::UpsertArgs;
use super::super::ast::UpsertByKeyArgs;
use super::super::language::Shape;
use super::super::language::Verb;
use super::super::language::VerbKind;
use super::super::node::Node;
use super::arguments::Arguments;
use super::entries::Entries;
use super::reader::Reader;
use super::written::ChangedFields;
use super::written::Finder;
use crate::diag::Located;
use crate::diag::Span;

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
        are_below: match (&subject.value, verb.subject) {
            (Node::Map(_), Shape::SugarName) => true,
            (Node::Map(entries), Shape::Nothing) => !entries.is_empty(),
            _ => false,
        },
    };
    match verb.kind {
        VerbKind::List => {
            let (module, fields, order_by, limit) = (
                from.module(subject),
                from.names("fields"),
                from.name("order_by"),
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
                (from.names("fields"), from.name("order_by"), from.limit());
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
                record,
                fields,
            }))
        }
        VerbKind::Related => {
            let (module, record, through) = (from.module(subject), from.record(), from.through());
            let (condition, fields, limit) = (from.condition(), from.names("fields"), from.limit());
            Some(Action::Related(RelatedArgs {
                module: module?,
                record,
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
            let (module, set) = (from.module(subject), from.set());
            let (under, assume) = (from.under(), from.assume());
            Some(Action::Create(CreateArgs {
                module: module?,
                set,
                under: under.map(Box::new),
                assume,
            }))
        }
        VerbKind::Update => {
            let (module, record, fields) =
                (from.module(subject), from.record(), from.changed_fields());
            let ChangedFields { set, add, remove } = fields;
            Some(Action::Update(UpdateArgs {
                module: module?,
                record,
                set,
                add,
                remove,
            }))
        }
        VerbKind::Upsert => {
            let (module, finder, fields) =
                (from.module(subject), from.finder(), from.changed_fields());
            let ChangedFields { set, add, remove } = fields;
            let finder = finder?;
            match finder {
                Finder::Match(matching) => {
                    from.not_both(&matching, set.iter().chain(&add).chain(&remove));
                    Some(Action::Upsert(UpsertArgs {
                        module: module?,
                        matching,
                        set,
                        add,
                        remove,
                    }))
                }
                Finder::SyncKey(sync_key) => {
                    from.only_set(&sync_key, &set, &add, &remove);
                    Some(Action::UpsertByKey(UpsertByKeyArgs {
                        module: module?,
                        sync_key,
                        set,
                    }))
                }
            }
        }
        VerbKind::Delete => {
            let (module, record) = (from.module(subject), from.record());
            Some(Action::Delete(DeleteArgs {
                module: module?,
                record,
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
        VerbKind::Call => from.call(&subject).map(Action::Call),
        // They are read with their step, of which they change what the other keys mean.
        VerbKind::Include | VerbKind::Export => None,
    }
}
