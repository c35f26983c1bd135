//! What the instance says of a record that this user may not do with it: a warning of the plan, since the instance will
//! refuse it. Metadata say it of whole modules where they say it at all; a record read says it of itself.

use super::Engine;
use super::ExecuteError;
use crate::check::CheckedStep;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Sources;
use crate::diag::all_of;
use crate::metadata::Acl;
use crate::operation::Change;
use crate::operation::Operation;
use crate::operation::State;

const NOT_AUTHORIZED: Code = Code("not_authorized");

impl Engine<'_> {
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

/// What an operation that is to be sent does and this user may not, by what the record read says.
pub(super) fn closed(operation: &Operation, acl: &Acl) -> Option<String> {
    if operation.state != State::Planned {
        return None;
    }
    match operation.change.as_ref()? {
        Change::Update {
            module,
            record,
            fields,
        } => {
            let fields = fields.keys().filter(|name| acl.denies_field(name, "write"));
            let fields: Vec<&str> = fields.map(String::as_str).collect();
            let what = match fields.is_empty() {
                _ if is_closed(acl, "edit") => String::new(),
                true => return None,
                false => format!("{} of ", all_of(fields)),
            };
            Some(format!("this user may not edit {what}{module} `{record}`"))
        }
        Change::Delete { module, record } if is_closed(acl, "delete") => {
            Some(format!("this user may not delete {module} `{record}`"))
        }
        _ => None,
    }
}

fn is_closed(acl: &Acl, action: &str) -> bool {
    acl.denies("access") || acl.denies(action)
}
