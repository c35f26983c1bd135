//! One step's texts into compiled templates.

use std::collections::BTreeSet;
use std::collections::HashMap;

use super::arrange::number;
use super::braces;
use super::checked::Call;
use super::checked::CheckedAction;
use super::checked::CheckedRead;
use super::checked::CheckedStep;
use super::checked::CheckedWrite;
use super::checked::Expectation;
use super::checked::Items;
use super::checked::Part;
use super::checked::PartField;
use super::checked::Projection;
use super::checked::SetField;
use super::checked::Sharing;
use super::checked::Under;
use super::included::names;
use crate::diag::Code;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::expr::Path;
use crate::expr::PathError;
use crate::expr::Template;
use crate::expr::Tree;
use crate::playbook::Action;
use crate::playbook::CallMethod;
use crate::playbook::DataFormat;
use crate::playbook::Expect;
use crate::playbook::Fields;
use crate::playbook::ForEach;
use crate::playbook::Node;
use crate::playbook::Step;
use crate::wire::LinkName;
use crate::wire::ModuleName;

const JSONPATH: Code = Code("jsonpath");

/// Compiles texts and gathers what cannot be read. What stands in the place of that is known to nobody, so that the rest
/// can be judged.
pub(super) struct Compiler<'a> {
    pub(super) sources: &'a Sources,
    pub(super) problems: Problems,
    /// Of the playbook whose texts are compiled, before the ids of its steps.
    pub(super) prefix: String,
    /// The full ids of all includes.
    pub(super) includes: &'a BTreeSet<String>,
    /// Texts of what was compiled last that are nothing but a path.
    pub(super) bare: Vec<Located<String>>,
}

impl Compiler<'_> {
    /// Compiles what is of a step or an include, with what is wrong with that alone.
    pub(super) fn apart<T>(&mut self, compile: impl FnOnce(&mut Self) -> T) -> (T, Problems) {
        let before = std::mem::take(&mut self.problems);
        let compiled = compile(self);
        let found = std::mem::replace(&mut self.problems, before);
        (compiled, found)
    }

    /// Takes what is wrong with the step or include that has the id.
    pub(super) fn blame(&mut self, id: &str, found: Problems) {
        let found = found.into_iter().map(|problem| problem.step(id));
        self.problems.extend(found);
    }

    pub(super) fn step(
        &mut self,
        step: Step,
        place: usize,
        places: &HashMap<String, usize>,
    ) -> CheckedStep {
        let key = step.key.map(|text| {
            let path = braces::path(&text.value);
            self.bare
                .extend(path.map(|path| Located::new(path.to_owned(), text.span)));
            self.template(text)
        });
        let depends_on: Vec<_> = step
            .depends_on
            .iter()
            .filter_map(|on| {
                let place = places.get(&on.step.value)?;
                Some((number(*place), on.wait))
            })
            .collect();
        let verb = step.action.verb();
        let (action, fields) = self.action(step.action);
        CheckedStep {
            number: number(place),
            included: step.included,
            tags: step.tags,
            reads: BTreeSet::new(),
            id: step.id.value,
            name: step.name,
            items: step.for_each.map(|source| self.items(source)),
            item_name: step.item_name.value,
            key,
            on_duplicate: step.on_duplicate,
            when: step.when.map(|text| self.expression(text)),
            select: step
                .select
                .map(|text| Located::new(self.select(&text), text.span)),
            expect: step
                .expect
                .into_iter()
                .map(|expect| self.expectation(expect))
                .collect(),
            on_error: step.on_error,
            upstream: BTreeSet::new(),
            depends_on,
            max: step.max.map(|max| max.value),
            retry: step.retry,
            verify: step.verify,
            unchecked: step
                .unchecked
                .into_iter()
                .map(|field| field.value)
                .collect(),
            empty: step.empty,
            alone: if step.alone {
                Sharing::Alone
            } else {
                Sharing::Shared
            },
            action,
            fields,
            projection: Projection::Fields(BTreeSet::new()),
            verb,
            verb_span: step.verb_span,
        }
    }

    fn template(&mut self, text: Located<String>) -> Template {
        Template::read(text, self.sources, &mut self.problems)
            .within(names(&self.prefix, self.includes))
    }

    pub(super) fn expression(&mut self, text: Located<String>) -> Template {
        Template::read_expression(text, self.sources, &mut self.problems)
            .within(names(&self.prefix, self.includes))
    }

    pub(super) fn tree(&mut self, node: Located<Node>) -> Tree {
        braces::gather(&node, &mut self.bare);
        Tree::read(node, self.sources, &mut self.problems)
            .within(names(&self.prefix, self.includes))
    }

    fn select(&mut self, text: &Located<String>) -> Path {
        self.path(text).unwrap_or_else(Path::whole)
    }

    fn path(&mut self, text: &Located<String>) -> Option<Path> {
        Path::parse(&text.value)
            .map_err(|error| {
                let help = match error {
                    PathError::NestedFilter => {
                        "filter once, and choose among what is left with `when`"
                    }
                    PathError::TooLong | PathError::TooDeep => "choose with `when` instead",
                    PathError::Syntax(_) => {
                        "it is written like `$.steps.stale.records[?@.status == 'New' && @.amount > 10]`"
                    }
                };
                let problem = Problem::error(JSONPATH, "this JSONPath cannot be used")
                    .because(text.span, error.to_string())
                    .help(help);
                self.problems.push(problem);
            })
            .ok()
    }

    fn items(&mut self, source: Located<ForEach>) -> Items {
        let span = source.span;
        match source.value {
            ForEach::Template(text) => Items::Template(self.template(Located::new(text, span))),
            ForEach::JsonPath(text) => {
                let Some(path) = self.path(&Located::new(text, span)) else {
                    return Items::Template(Template::unread(span));
                };
                if path.filters_by_the_whole() {
                    let problem = Problem::error(JSONPATH, "this JSONPath cannot be used")
                        .because(span, "a filter that asks for `$…` sees nothing: only the list itself is there")
                        .help(
                            "write the value itself, or choose with a template: `{{ steps.X.records | selectattr('status', 'in', \
                             vars.wanted) }}`",
                        );
                    self.problems.push(problem);
                }
                let reads = path.reads(names(&self.prefix, self.includes));
                Items::Path {
                    reads: Box::new(reads),
                    step: match path.leading_names().as_slice() {
                        ["steps", behind @ ..] => names(&self.prefix, self.includes)
                            .full(behind.iter().copied())
                            .map(|(id, _)| id),
                        _ => None,
                    },
                    path,
                    span,
                }
            }
            ForEach::Literal(nodes) => {
                Items::Literal(nodes.into_iter().map(|node| self.tree(node)).collect())
            }
            ForEach::File(file) => match &file.format {
                DataFormat::Json { select: Some(path) } => Items::Searched {
                    path: self.select(path),
                    file,
                },
                DataFormat::Json { select: None }
                | DataFormat::Csv { .. }
                | DataFormat::Jsonl
                | DataFormat::Xlsx { .. } => Items::File(file),
            },
        }
    }

    fn expectation(&mut self, expect: Expect) -> Expectation {
        match expect {
            Expect::Count { min, max, .. } => Expectation::Count { min, max },
            Expect::Holds(text) => Expectation::Holds(self.expression(text)),
        }
    }

    /// What a step does, and the fields it names.
    fn action(&mut self, action: Action) -> (CheckedAction, Option<Vec<Located<String>>>) {
        let mut fields = None;
        let limit = |limit: Option<Located<u64>>| limit.map(|limit| limit.value);
        let action = match action {
            Action::List(args) => {
                fields = args.fields;
                CheckedAction::Read(CheckedRead::List {
                    module: module(args.module),
                    order_by: args.order_by,
                    limit: limit(args.limit),
                })
            }
            Action::Filter(args) => {
                fields = args.fields;
                CheckedAction::Read(CheckedRead::Filter {
                    module: module(args.module),
                    condition: self.optional(args.condition),
                    saved_filter: args.saved_filter.map(|text| Box::new(self.template(text))),
                    method: args.method,
                    order_by: args.order_by,
                    limit: limit(args.limit),
                })
            }
            Action::Count(args) => CheckedAction::Read(CheckedRead::Count {
                module: module(args.module),
                condition: self.optional(args.condition),
            }),
            Action::Get(args) => {
                fields = args.fields;
                CheckedAction::Read(CheckedRead::Get {
                    module: module(args.module),
                    record: self.tree(args.record),
                })
            }
            Action::Related(args) => {
                fields = args.fields;
                CheckedAction::Read(CheckedRead::Related {
                    module: module(args.module),
                    record: self.tree(args.record),
                    link: link(args.through),
                    condition: self.optional(args.condition),
                    limit: limit(args.limit),
                })
            }
            Action::Search(args) => CheckedAction::Read(CheckedRead::Search {
                text: self.tree(args.text),
                modules: args.modules.into_iter().map(module).collect(),
                limit: limit(args.limit),
            }),
            Action::Enum(args) => CheckedAction::Read(CheckedRead::Enum {
                module: module(args.module),
                field: args.field,
            }),
            Action::Metadata(args) => CheckedAction::Read(CheckedRead::Metadata {
                modules: args.modules.into_iter().map(module).collect(),
            }),
            Action::Me => CheckedAction::Read(CheckedRead::Me),
            Action::Ping => CheckedAction::Read(CheckedRead::Ping),
            Action::Create(args) => CheckedAction::Write(CheckedWrite::Create {
                module: module(args.module),
                set: self.set(args.set),
                under: args.under.map(|under| {
                    Box::new(Under {
                        module: module(under.module),
                        record: self.tree(under.record),
                        link: link(under.through),
                    })
                }),
                assume: args.assume,
            }),
            Action::Update(args) => CheckedAction::Write(CheckedWrite::Update {
                module: module(args.module),
                record: self.tree(args.record),
                set: self.set(args.set),
                parts: self.parts(args.add, args.remove),
            }),
            Action::Upsert(args) => CheckedAction::Write(CheckedWrite::Upsert {
                module: module(args.module),
                matching: self.set(args.matching),
                set: self.set(args.set),
                parts: self.parts(args.add, args.remove),
            }),
            Action::UpsertByKey(args) => CheckedAction::Write(CheckedWrite::UpsertByKey {
                module: module(args.module),
                sync_key: self.template(args.sync_key),
                set: self.set(args.set),
            }),
            Action::Call(args) => {
                let call = Call {
                    path: self.tree(args.path),
                    query: self.set(args.query),
                };
                match args.method {
                    CallMethod::Get => CheckedAction::Read(CheckedRead::Call(call)),
                    CallMethod::Changing(method) => CheckedAction::Write(CheckedWrite::Call {
                        method,
                        call,
                        body: self.optional(args.body),
                    }),
                }
            }
            Action::Delete(args) => CheckedAction::Write(CheckedWrite::Delete {
                module: module(args.module),
                record: self.tree(args.record),
            }),
            Action::Link(args) => CheckedAction::Write(CheckedWrite::Link {
                module: module(args.module),
                record: self.tree(args.record),
                link: link(args.through),
                to: self.tree(args.to),
            }),
            Action::Unlink(args) => CheckedAction::Write(CheckedWrite::Unlink {
                module: module(args.module),
                record: self.tree(args.record),
                link: link(args.through),
                to: self.tree(args.to),
            }),
            Action::Favorite(args) => CheckedAction::Write(CheckedWrite::Favorite {
                module: module(args.module),
                record: self.tree(args.record),
            }),
            Action::Unfavorite(args) => CheckedAction::Write(CheckedWrite::Unfavorite {
                module: module(args.module),
                record: self.tree(args.record),
            }),
            Action::Export(args) => CheckedAction::Export {
                to: self.template(args.to),
                format: args.format,
                columns: args.columns.map(|columns| self.set(columns)),
            },
            Action::Assert(args) => CheckedAction::Assert {
                conditions: args
                    .conditions
                    .into_iter()
                    .map(|text| self.expression(text))
                    .collect(),
                message: args.message.map(|text| self.template(text)),
            },
        };
        (action, fields)
    }

    fn optional(&mut self, node: Option<Located<Node>>) -> Option<Tree> {
        node.map(|node| self.tree(node))
    }

    fn set(&mut self, fields: Fields) -> Vec<SetField> {
        fields
            .into_iter()
            .map(|(name, node)| {
                Tree::read_name(&name, &mut self.problems);
                let value = self.tree(node);
                SetField { name, value }
            })
            .collect()
    }

    fn parts(&mut self, add: Fields, remove: Fields) -> Vec<PartField> {
        let (added, removed) = (self.set(add), self.set(remove));
        let of = |fields: Vec<SetField>, part| {
            fields.into_iter().map(move |field| PartField {
                name: field.name,
                value: field.value,
                part,
            })
        };
        of(added, Part::Added)
            .chain(of(removed, Part::Removed))
            .collect()
    }
}

fn module(name: Located<String>) -> Located<ModuleName> {
    name.map(ModuleName::new)
}

fn link(name: Located<String>) -> Located<LinkName> {
    name.map(LinkName::new)
}
