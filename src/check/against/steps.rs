//! The way through a playbook: each step's verb, and which parts of it are judged against what.

use super::examiner::Declared;
use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::WriteAccess;
use super::examiner::invalid;
use super::meaning::Known;
use super::meaning::Meanings;
use super::set::Purpose;
use super::uses;
use crate::check::Checked;
use crate::check::CheckedAction;
use crate::check::CheckedRead;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::check::Output;
use crate::diag::Located;
use crate::diag::Problems;
use crate::metadata::FieldKind;
use crate::metadata::Metadata;
use crate::metadata::Right;
use crate::wire::ModuleName;

/// Everything in a playbook that the metadata contradicts. A right to write that is missing is an error.
pub fn against(checked: &Checked, metadata: &Metadata) -> Problems {
    against_with(checked, metadata, WriteAccess::Required)
}

pub fn against_with(checked: &Checked, metadata: &Metadata, write_access: WriteAccess) -> Problems {
    let places = checked.steps.iter().enumerate();
    let places = places.map(|(place, step)| (step.id.clone(), place));
    let known = Known {
        steps: &checked.steps,
        places: &places.collect(),
    };
    let judge = Judge {
        declared: Declared::by(checked),
        metadata,
        write_access,
    };
    let mut problems = Problems::default();
    for step in known.steps {
        judge.step(step, known, &mut problems);
    }
    judge.outputs(&checked.outputs, known, &mut problems);
    problems.sort();
    problems
}

/// Judges a playbook step by step.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Judge<'a> {
    pub(in crate::check) declared: Declared<'a>,
    pub(in crate::check) metadata: &'a Metadata,
    pub(in crate::check) write_access: WriteAccess,
}

impl Judge<'_> {
    /// Of a step that is not known yet, nothing is known that it gives.
    pub(in crate::check) fn step(
        self,
        step: &CheckedStep,
        known: Known<'_>,
        problems: &mut Problems,
    ) {
        let mut examiner = Examiner {
            declared: self.declared,
            metadata: self.metadata,
            meanings: &Meanings::of(known, self.metadata),
            step,
            write_access: self.write_access,
            problems,
        };
        match &step.action {
            CheckedAction::Read(read) => examiner.read(read),
            CheckedAction::Write(write) => examiner.write(write),
            CheckedAction::Assert { .. } | CheckedAction::Export { .. } => {}
        }
        examiner.verify();
        examiner.uses();
    }

    pub(in crate::check) fn outputs(
        self,
        outputs: &[Output],
        known: Known<'_>,
        problems: &mut Problems,
    ) {
        let meanings = Meanings::of(known, self.metadata);
        uses::of_outputs(outputs, self.metadata, &meanings, problems);
    }
}

impl<'a> Examiner<'a> {
    fn read(&mut self, read: &'a CheckedRead) {
        match read {
            CheckedRead::List {
                module, order_by, ..
            } => {
                let described = self.listed(module);
                self.order_by(described, order_by.as_ref());
                self.fetched(described);
            }
            CheckedRead::Filter {
                module,
                condition,
                order_by,
                ..
            } => {
                let described = self.listed(module);
                self.where_holds(described, condition.as_ref());
                self.order_by(described, order_by.as_ref());
                self.fetched(described);
            }
            CheckedRead::Count { module, condition } => {
                let described = self.listed(module);
                self.where_holds(described, condition.as_ref());
            }
            CheckedRead::Get { module, record } => {
                let described = self.module(module);
                if let Some(described) = described {
                    self.may(described, Right::View, module.span);
                }
                self.id_leads_to(module.value.as_str(), "record", record);
                self.fetched(described);
            }
            CheckedRead::Related {
                module,
                record,
                link,
                condition,
                ..
            } => {
                self.id_leads_to(module.value.as_str(), "record", record);
                let far = match self.module(module) {
                    Some(described) => self.link(described, link),
                    None => None,
                };
                let far = far.and_then(|far| self.described(far));
                if let Some(far) = far {
                    self.may(far, Right::List, link.span);
                }
                self.where_holds(far, condition.as_ref());
                self.fetched(far);
            }
            CheckedRead::Search { modules, .. } | CheckedRead::Metadata { modules } => {
                for module in modules {
                    self.module(module);
                }
            }
            CheckedRead::Enum { module, field } => {
                if let Some(described) = self.module(module) {
                    self.enumerated(described, field);
                }
            }
            CheckedRead::Me | CheckedRead::Ping | CheckedRead::Call(_) => {}
        }
    }

    fn write(&mut self, write: &'a CheckedWrite) {
        // A call is the playbook's own business; metadata says nothing of endpoints.
        let Some(module) = write.module() else {
            return;
        };
        let described = self.module(module);
        let right = match write {
            CheckedWrite::Create { .. } => Right::Create,
            CheckedWrite::Update { .. }
            | CheckedWrite::Upsert { .. }
            | CheckedWrite::UpsertByKey { .. } => Right::Edit,
            CheckedWrite::Delete { .. } => Right::Delete,
            CheckedWrite::Link { .. } | CheckedWrite::Unlink { .. } => Right::Access,
            // It is the user's own mark: whoever sees a record may set it.
            CheckedWrite::Favorite { .. } | CheckedWrite::Unfavorite { .. } => Right::View,
            CheckedWrite::Call { .. } => return,
        };
        if let Some(described) = described {
            self.may(described, right, module.span);
        }
        match write {
            CheckedWrite::Create { set, under, .. } => {
                if let Some(described) = described {
                    self.set(described, set.iter(), Purpose::Create);
                    self.addresses(described, set, &[]);
                }
                if let Some(under) = under {
                    self.under(module, under);
                }
            }
            CheckedWrite::Update {
                record, set, parts, ..
            } => {
                self.id_leads_to(module.value.as_str(), "record", record);
                if let Some(described) = described {
                    self.set(described, set.iter(), Purpose::Update);
                    self.parts(described, parts);
                    self.addresses(described, set, parts);
                }
            }
            CheckedWrite::Upsert {
                matching,
                set,
                parts,
                ..
            } => {
                if let Some(described) = described {
                    self.may(described, Right::Create, module.span);
                    self.matching(described, matching);
                    self.set(described, matching.iter().chain(set), Purpose::Upsert);
                    self.parts(described, parts);
                    self.addresses(described, set, parts);
                }
            }
            // Whether it is an update or a create, which wants more fields, nobody knows here.
            CheckedWrite::UpsertByKey { set, .. } => {
                if let Some(described) = described {
                    self.may(described, Right::Create, module.span);
                    self.set(described, set.iter(), Purpose::Update);
                }
            }
            CheckedWrite::Call { .. } => {}
            CheckedWrite::Delete { record, .. }
            | CheckedWrite::Favorite { record, .. }
            | CheckedWrite::Unfavorite { record, .. } => {
                self.id_leads_to(module.value.as_str(), "record", record);
            }
            CheckedWrite::Link {
                record, link, to, ..
            }
            | CheckedWrite::Unlink {
                record, link, to, ..
            } => {
                self.id_leads_to(module.value.as_str(), "record", record);
                let far = match described {
                    Some(described) => self.link(described, link),
                    None => None,
                };
                if let Some(far) = far {
                    self.ids_lead_to(far, to);
                }
                if let Some(described) = described {
                    self.relation_columns(described, link.value.as_str(), to);
                    if matches!(write, CheckedWrite::Link { .. }) {
                        let records = to.list().unwrap_or_default().iter();
                        self.one_at_most(described, link.value.as_str(), records);
                    }
                }
            }
        }
    }

    fn listed(&mut self, module: &'a Located<ModuleName>) -> Option<Described<'a>> {
        let described = self.module(module)?;
        self.may(described, Right::List, module.span);
        Some(described)
    }

    fn fetched(&mut self, described: Option<Described<'a>>) {
        let (Some(described), Some(fields)) = (described, &self.step.fields) else {
            return;
        };
        for field in fields {
            if !self.meanings.is_of_relation(self.step, &field.value) {
                self.readable(described, &field.value, field.span);
            }
        }
    }

    fn enumerated(&mut self, described: Described<'a>, name: &Located<String>) {
        if let Some(field) = self.field(described, &name.value, name.span)
            && !field.kind.has_dropdown()
            && !matches!(field.kind, FieldKind::Other(_))
        {
            let problem = invalid(format!(
                "`{}` of `{}` has no list of values",
                name.value, described.name
            ))
            .at(name.span, format!("is of type `{}`", field.kind.as_str()));
            self.push_of(&name.value, problem);
        }
    }

    /// Fields that `verify` names are fields of the module written to.
    fn verify(&mut self) {
        let step = self.step;
        let Some(described) = step
            .module()
            .and_then(|module| self.described(module.value.as_str()))
        else {
            return;
        };
        for (field, _) in &step.verify.by_field {
            self.field(described, &field.value, field.span);
        }
    }
}
