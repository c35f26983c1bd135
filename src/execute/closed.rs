//! What the instance says of a record that this user may not do with it. Metadata say it of whole modules where they say it
//! at all; a record read says it of itself. A plan only warns of it, since somebody else may apply it; what is about to be
//! sent is not, and fails with what the instance would say.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use crate::check::CheckedStep;
use crate::check::WriteAccess;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Sources;
use crate::diag::all_of;
use crate::metadata::Acl;
use crate::metadata::Right;
use crate::metadata::record_acl;
use crate::operation::Change;
use crate::operation::Operation;
use crate::operation::State;
use crate::runfile::StoredOperation;
use crate::wire::Label;
use crate::wire::SugarLabel;

const NOT_AUTHORIZED: Code = Code("not_authorized");

impl Engine<'_> {
    /// What of an operation that is to be sent this user may not do, where it is going to be sent by this user.
    pub(super) fn closed_to(
        &self,
        step: &CheckedStep,
        operation: &Operation,
        acl: &Acl,
    ) -> Option<String> {
        match (self.write_access, operation.state) {
            (WriteAccess::Required, State::Planned) => {
                let closed = closed(operation.change.as_ref()?, &step.unchecked, acl)?;
                Some(format!("{closed}, says the record"))
            }
            _ => None,
        }
    }

    /// What an operation that is about to be sent would be refused for, by what its record says now.
    pub(super) fn closed_now(
        &self,
        operation: &StoredOperation,
        record: &Map<String, Json>,
    ) -> Option<(Label, String)> {
        let acl = record_acl(record.get("_acl")?);
        let unchecked = &self.checked.step(operation.seq.step()).unchecked;
        let closed = closed(operation.change.as_ref()?, unchecked, &acl)?;
        Some((
            SugarLabel::NotAuthorized.into(),
            format!("{closed}, says the record; nothing was sent"),
        ))
    }

    /// Warns once for a step.
    pub(super) fn warn_of_closed(
        &self,
        step: &CheckedStep,
        closed: &str,
    ) -> Result<(), ExecuteError> {
        if self.file.has_problem(NOT_AUTHORIZED, &step.id)? {
            return Ok(());
        }
        let problem = Problem::warning(NOT_AUTHORIZED, closed)
            .help("the instance says so of the record, and will refuse it; it may say so of others too")
            .step(&step.id);
        Ok(self.file.add_problem(&problem, &Sources::default())?)
    }
}

/// What of a change this user may not do, by what the record read says. Of the fields in `unchecked` it is not asked.
pub(super) fn closed(change: &Change, unchecked: &BTreeSet<String>, acl: &Acl) -> Option<String> {
    match change {
        Change::Update {
            module,
            record,
            fields,
        }
        | Change::UpsertByKey {
            module,
            record: Some(record),
            fields,
            ..
        } => {
            let fields = fields
                .keys()
                .filter(|name| acl.denies_field(name, Right::Write));
            let fields = fields.filter(|name| !unchecked.contains(*name));
            let fields: Vec<&str> = fields.map(String::as_str).collect();
            let what = match fields.is_empty() {
                _ if acl.closes(Right::Edit) => String::new(),
                true => return None,
                false => format!("{} of ", all_of(fields)),
            };
            Some(format!("this user may not edit {what}{module} `{record}`"))
        }
        Change::Delete { module, record } if acl.closes(Right::Delete) => {
            Some(format!("this user may not delete {module} `{record}`"))
        }
        _ => None,
    }
}
