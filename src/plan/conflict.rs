//! Two operations of one plan that contradict each other in what they set on a record.

use super::addresses;
use super::addresses::ADDRESSES;
use super::draft::Draft;
use super::earlier::Earlier;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::operation::Change;
use crate::wire::ModuleName;

/// What two operations do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// They set this field to different values.
    Values(String),
    /// One sets an address by this field, the other all addresses.
    Addresses(String),
    /// One takes out of this field what the other adds to it.
    Parts(String),
}

impl Conflict {
    /// In words: of which steps, and which record it is about.
    pub fn told(&self, there: &str, here: &str, about: &str) -> String {
        match self {
            Self::Values(field) => {
                format!("steps `{there}` and `{here}` set `{field}` of {about} to different values")
            }
            Self::Addresses(single) => format!(
                "steps `{there}` and `{here}` both set addresses of {about}, one by `{single}` and one by `{ADDRESSES}`; \
                 write them by `{ADDRESSES}` in both"
            ),
            Self::Parts(field) => format!(
                "steps `{there}` and `{here}` contradict each other in `{field}` of {about}: one takes out what the other \
                 adds; leave it out of one of the two, or say with `depends_on` which comes first"
            ),
        }
    }
}

/// The first earlier write that a draft contradicts, and in what. `comes_first` tells of which the playbook says that
/// they come before the draft.
///
/// Parts that are added to a field are merged into what earlier writes leave, and so are those that are taken out, unless
/// they are what another one adds and nothing says which comes first: then each run would change it anew.
pub fn conflict(
    draft: &Draft,
    earlier: &[Earlier],
    comes_first: impl Fn(Seq) -> bool,
    metadata: &Metadata,
) -> Option<(Seq, Conflict)> {
    // Two creates of one record are told apart by their keys.
    if matches!(draft.change, Change::Create { .. }) {
        return None;
    }
    earlier.iter().find_map(|write| {
        let conflict = values(draft, write).or_else(|| of_addresses(draft, write));
        let conflict = conflict
            .or_else(|| parts(draft, write, metadata).filter(|_| !comes_first(write.seq)))?;
        Some((write.seq, conflict))
    })
}

fn values(draft: &Draft, write: &Earlier) -> Option<Conflict> {
    let fields = draft.change.fields();
    let (name, _) = fields
        .iter()
        .find(|(name, value)| write.sets.get(*name).is_some_and(|set| set != *value))?;
    Some(Conflict::Values(name.clone()))
}

/// What setting one address makes of the others is not documented, so it is not merged with what else is set of them.
fn of_addresses(draft: &Draft, write: &Earlier) -> Option<Conflict> {
    let fields = draft.change.fields();
    if let Some(single) = addresses::single(&fields)
        && write.sets.contains_key(ADDRESSES)
    {
        return Some(Conflict::Addresses(single.clone()));
    }
    let single = addresses::single(&write.sets)?;
    let sets_all = fields.contains_key(ADDRESSES);
    let edits = draft.edits.iter().any(|(name, _)| name == ADDRESSES);
    // Of a new record they are known, and so are those that were read since.
    let are_known = match write.creates {
        true => write.state.is_settled() || addresses::made(&write.sets).is_some(),
        false => write.state.is_settled() && !sets_all,
    };
    ((sets_all || edits) && !are_known).then(|| Conflict::Addresses(single.clone()))
}

fn parts(draft: &Draft, write: &Earlier, metadata: &Metadata) -> Option<Conflict> {
    let module = draft.change.module().map_or("", ModuleName::as_str);
    draft.edits.iter().find_map(|(name, edit)| {
        let after = write.sets.get(name)?;
        let field = metadata.field(module, name)?;
        edit.takes_back(field, write.before.get(name), after)
            .then(|| Conflict::Parts(name.clone()))
    })
}
