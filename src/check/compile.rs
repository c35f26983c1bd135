//! One step's texts into compiled templates.

use std::collections::BTreeSet;
use std::collections::HashMap;

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
use super::number;
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

/// An argument cannot be read; its problem is gathered.
struct Broken;

/// Compiles texts and gathers what cannot be read.
pub(super) struct Compiler<'a> {
    pub(super) sources: &'a Sources,
    pub(super) problems: Problems,
    /// Of the playbook whose texts are compiled, before the ids of its steps.
    pub(super) prefix: String,
    /// The full ids of all includes.
    pub(super) includes: &'a BTreeSet<String>,
}

impl Compiler<'_> {
    pub(super) fn step(
        &mut self,
        step: &Step,
        place: usize,
        places: &HashMap<&str, usize>,
    ) -> Option<CheckedStep> {
        let before = self.problems.len();
        let items = step.for_each.as_ref().and_then(|source| self.items(source));
        let key = step.key.as_ref().and_then(|text| self.template(text));
        let when = step.when.as_ref().and_then(|text| self.expression(text));
        let select = step.select.as_ref().and_then(|text| self.path(text));
        let expect = step
            .expect
            .iter()
            .filter_map(|expect| self.expectation(expect))
            .collect();
        let action = self.action(&step.action);
        // A step with a broken text is left out as a whole; its problems are gathered.
        let action = action.filter(|_| self.problems.len() == before)?;
        let depends_on: Vec<_> = step
            .depends_on
            .iter()
            .filter_map(|on| {
                let place = places.get(on.step.value.as_str())?;
                Some((number(*place), on.wait))
            })
            .collect();
        Some(CheckedStep {
            number: number(place),
            included: step.included,
            tags: step.tags.clone(),
            reads: BTreeSet::new(),
            id: step.id.value.clone(),
            items,
            item_name: step.item_name.value.clone(),
            key,
            on_duplicate: step.on_duplicate,
            when,
            select,
            expect,
            on_error: step.on_error.clone(),
            upstream: BTreeSet::new(),
            depends_on,
            max: step.max.as_ref().map(|max| max.value),
            retry: step.retry.clone(),
            verify: step.verify.clone(),
            unchecked: step
                .unchecked
                .iter()
                .map(|field| field.value.clone())
                .collect(),
            empty: step.empty,
            alone: if step.alone {
                Sharing::Alone
            } else {
                Sharing::Shared
            },
            action,
            fields: explicit_fields(&step.action).cloned(),
            projection: Projection::Fields(BTreeSet::new()),
            verb: step.action.verb(),
            verb_span: step.verb_span,
            span: step.span,
        })
    }

    fn template(&mut self, text: &Located<String>) -> Option<Template> {
        Template::compile(text, self.sources)
            .map(|template| template.within(names(&self.prefix, self.includes)))
            .map_err(|problem| self.problems.push(problem))
            .ok()
    }

    pub(super) fn expression(&mut self, text: &Located<String>) -> Option<Template> {
        Template::compile_expression(text, self.sources)
            .map(|template| template.within(names(&self.prefix, self.includes)))
            .map_err(|problem| self.problems.push(problem))
            .ok()
    }

    pub(super) fn tree(&mut self, node: &Located<Node>) -> Option<Tree> {
        Tree::compile(node, self.sources)
            .map(|tree| tree.within(names(&self.prefix, self.includes)))
            .map_err(|problems| self.problems.append(problems))
            .ok()
    }

    fn path(&mut self, text: &Located<String>) -> Option<Path> {
        Path::parse(&text.value)
            .map_err(|error| {
                let help = match error {
                    PathError::NestedFilter => {
                        "filter once, and choose among what is left with `when`"
                    }
                    PathError::TooLong => "choose with `when` instead",
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

    fn items(&mut self, source: &Located<ForEach>) -> Option<Items> {
        match &source.value {
            ForEach::Template(text) => self
                .template(&Located::new(text.clone(), source.span))
                .map(Items::Template),
            ForEach::JsonPath(text) => {
                let path = self.path(&Located::new(text.clone(), source.span))?;
                if path.filters_by_the_whole() {
                    let problem = Problem::error(JSONPATH, "this JSONPath cannot be used")
                        .because(source.span, "a filter that asks for `$…` sees nothing: only the list itself is there")
                        .help(
                            "write the value itself, or choose with a template: `{{ steps.X.records | selectattr('status', 'in', \
                             vars.wanted) }}`",
                        );
                    self.problems.push(problem);
                    return None;
                }
                let reads = path.reads(names(&self.prefix, self.includes));
                Some(Items::Path {
                    reads: Box::new(reads),
                    step: match path.leading_names().as_slice() {
                        ["steps", behind @ ..] => names(&self.prefix, self.includes)
                            .full(behind.iter().copied())
                            .map(|(id, _)| id),
                        _ => None,
                    },
                    path,
                    span: source.span,
                })
            }
            ForEach::Literal(nodes) => {
                let trees: Vec<Tree> = nodes.iter().filter_map(|node| self.tree(node)).collect();
                (trees.len() == nodes.len()).then_some(Items::Literal(trees))
            }
            ForEach::File(file) => match &file.format {
                DataFormat::Json { select: Some(path) } => {
                    self.path(path).map(|path| Items::Searched {
                        file: file.clone(),
                        path,
                    })
                }
                DataFormat::Json { select: None }
                | DataFormat::Csv { .. }
                | DataFormat::Jsonl
                | DataFormat::Xlsx { .. } => Some(Items::File(file.clone())),
            },
        }
    }

    fn expectation(&mut self, expect: &Expect) -> Option<Expectation> {
        match expect {
            Expect::Count { min, max, span } => Some(Expectation::Count {
                min: *min,
                max: *max,
                span: *span,
            }),
            Expect::Holds(text) => self.expression(text).map(Expectation::Holds),
        }
    }

    fn action(&mut self, action: &Action) -> Option<CheckedAction> {
        Some(match action {
            Action::List(args) => CheckedAction::Read(CheckedRead::List {
                module: module(&args.module),
                order_by: args.order_by.clone(),
                limit: args.limit.as_ref().map(|limit| limit.value),
            }),
            Action::Filter(args) => CheckedAction::Read(CheckedRead::Filter {
                module: module(&args.module),
                condition: self.optional(args.condition.as_ref()).ok()?,
                saved_filter: match &args.saved_filter {
                    Some(text) => Some(self.template(text)?),
                    None => None,
                },
                method: args.method,
                order_by: args.order_by.clone(),
                limit: args.limit.as_ref().map(|limit| limit.value),
            }),
            Action::Count(args) => CheckedAction::Read(CheckedRead::Count {
                module: module(&args.module),
                condition: self.optional(args.condition.as_ref()).ok()?,
            }),
            Action::Get(args) => CheckedAction::Read(CheckedRead::Get {
                module: module(&args.module),
                record: self.tree(&args.record)?,
            }),
            Action::Related(args) => CheckedAction::Read(CheckedRead::Related {
                module: module(&args.module),
                record: self.tree(&args.record)?,
                link: link(&args.through),
                condition: self.optional(args.condition.as_ref()).ok()?,
                limit: args.limit.as_ref().map(|limit| limit.value),
            }),
            Action::Search(args) => CheckedAction::Read(CheckedRead::Search {
                text: self.tree(&args.text)?,
                modules: args.modules.iter().map(module).collect(),
                limit: args.limit.as_ref().map(|limit| limit.value),
            }),
            Action::Enum(args) => CheckedAction::Read(CheckedRead::Enum {
                module: module(&args.module),
                field: args.field.clone(),
            }),
            Action::Metadata(args) => CheckedAction::Read(CheckedRead::Metadata {
                modules: args.modules.iter().map(module).collect(),
            }),
            Action::Me => CheckedAction::Read(CheckedRead::Me),
            Action::Ping => CheckedAction::Read(CheckedRead::Ping),
            Action::Create(args) => CheckedAction::Write(CheckedWrite::Create {
                module: module(&args.module),
                set: self.set(&args.set)?,
                under: match &args.under {
                    Some(under) => Some(Under {
                        module: module(&under.module),
                        record: self.tree(&under.record)?,
                        link: link(&under.through),
                    }),
                    None => None,
                },
                assume: args.assume,
            }),
            Action::Update(args) => CheckedAction::Write(CheckedWrite::Update {
                module: module(&args.module),
                record: self.tree(&args.record)?,
                set: self.set(&args.set)?,
                parts: self.parts(&args.add, &args.remove)?,
            }),
            Action::Upsert(args) => CheckedAction::Write(CheckedWrite::Upsert {
                module: module(&args.module),
                matching: self.set(&args.matching)?,
                set: self.set(&args.set)?,
                parts: self.parts(&args.add, &args.remove)?,
            }),
            Action::UpsertByKey(args) => CheckedAction::Write(CheckedWrite::UpsertByKey {
                module: module(&args.module),
                sync_key: self.template(&args.sync_key)?,
                set: self.set(&args.set)?,
            }),
            Action::Call(args) => {
                let call = Call {
                    path: self.tree(&args.path)?,
                    query: self.set(&args.query)?,
                };
                match args.method {
                    CallMethod::Get => CheckedAction::Read(CheckedRead::Call(call)),
                    CallMethod::Changing(method) => CheckedAction::Write(CheckedWrite::Call {
                        method,
                        call,
                        body: self.optional(args.body.as_ref()).ok()?,
                    }),
                }
            }
            Action::Delete(args) => CheckedAction::Write(CheckedWrite::Delete {
                module: module(&args.module),
                record: self.tree(&args.record)?,
            }),
            Action::Link(args) => CheckedAction::Write(CheckedWrite::Link {
                module: module(&args.module),
                record: self.tree(&args.record)?,
                link: link(&args.through),
                to: self.tree(&args.to)?,
            }),
            Action::Unlink(args) => CheckedAction::Write(CheckedWrite::Unlink {
                module: module(&args.module),
                record: self.tree(&args.record)?,
                link: link(&args.through),
                to: self.tree(&args.to)?,
            }),
            Action::Favorite(args) => CheckedAction::Write(CheckedWrite::Favorite {
                module: module(&args.module),
                record: self.tree(&args.record)?,
            }),
            Action::Unfavorite(args) => CheckedAction::Write(CheckedWrite::Unfavorite {
                module: module(&args.module),
                record: self.tree(&args.record)?,
            }),
            Action::Export(args) => CheckedAction::Export {
                to: self.template(&args.to)?,
                format: args.format,
                columns: match &args.columns {
                    Some(columns) => Some(self.set(columns)?),
                    None => None,
                },
            },
            Action::Assert(args) => {
                let conditions: Vec<Template> = args
                    .conditions
                    .iter()
                    .filter_map(|text| self.expression(text))
                    .collect();
                let message = match &args.message {
                    Some(text) => Some(self.template(text)?),
                    None => None,
                };
                CheckedAction::Assert {
                    conditions,
                    message,
                }
            }
        })
    }

    /// An argument that was not given is fine, one that is broken is not.
    fn optional(&mut self, node: Option<&Located<Node>>) -> Result<Option<Tree>, Broken> {
        node.map(|node| self.tree(node).ok_or(Broken)).transpose()
    }

    fn set(&mut self, fields: &Fields) -> Option<Vec<SetField>> {
        let compiled: Vec<SetField> = fields
            .iter()
            .filter_map(|(name, node)| {
                self.tree(node).map(|value| SetField {
                    name: name.clone(),
                    value,
                })
            })
            .collect();
        (compiled.len() == fields.len()).then_some(compiled)
    }

    fn parts(&mut self, add: &Fields, remove: &Fields) -> Option<Vec<PartField>> {
        let (added, removed) = (self.set(add), self.set(remove));
        let of = |fields: Vec<SetField>, part| {
            fields.into_iter().map(move |field| PartField {
                name: field.name,
                value: field.value,
                part,
            })
        };
        Some(
            of(added?, Part::Added)
                .chain(of(removed?, Part::Removed))
                .collect(),
        )
    }
}

fn explicit_fields(action: &Action) -> Option<&Vec<Located<String>>> {
    match action {
        Action::List(args) => args.fields.as_ref(),
        Action::Filter(args) => args.fields.as_ref(),
        Action::Get(args) => args.fields.as_ref(),
        Action::Related(args) => args.fields.as_ref(),
        _ => None,
    }
}

fn module(name: &Located<String>) -> Located<ModuleName> {
    name.clone().map(ModuleName::new)
}

fn link(name: &Located<String>) -> Located<LinkName> {
    name.clone().map(LinkName::new)
}
