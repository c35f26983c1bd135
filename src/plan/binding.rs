//! What a link sets without naming it: the id field of a record that has one at most at the other end.

use crate::metadata::Metadata;
use crate::metadata::Parentage;
use crate::operation::Change;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// A record that is bound to one other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub module: String,
    pub record: RecordId,
    /// The id field, or the link where no field shows it.
    pub field: String,
    pub to: RecordId,
}

/// The records that a change binds, beside those whose id field it sets by name.
pub fn bindings(change: &Change, metadata: &Metadata) -> Vec<Binding> {
    match change {
        Change::Link {
            module,
            record,
            link,
            targets,
        } => {
            let ids: Vec<&RecordId> = targets.iter().map(|target| &target.id).collect();
            both_ends(module, record, link, &ids, metadata)
        }
        Change::Create {
            id,
            under: Some(parent),
            ..
        } => both_ends(
            &parent.module,
            &parent.record,
            &parent.link,
            &[id],
            metadata,
        ),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Delete { .. }
        | Change::Unlink { .. }
        | Change::Favorite { .. }
        | Change::Unfavorite { .. }
        | Change::UpsertByKey { .. }
        | Change::Call { .. } => Vec::new(),
    }
}

/// The records that an unlink frees, as bindings to what they are bound to before it.
pub fn released(change: &Change, metadata: &Metadata) -> Vec<Binding> {
    match change {
        Change::Unlink {
            module,
            record,
            link,
            others,
        } => {
            let others: Vec<&RecordId> = others.iter().collect();
            both_ends(module, record, link, &others, metadata)
        }
        _ => Vec::new(),
    }
}

fn both_ends(
    module: &ModuleName,
    record: &RecordId,
    link: &LinkName,
    targets: &[&RecordId],
    metadata: &Metadata,
) -> Vec<Binding> {
    let (near, through) = (module.as_str(), link.as_str());
    let mut bound = Vec::new();
    if metadata.leads_to_one(near, through) {
        let field = id_field(near, through, metadata);
        bound.extend(targets.iter().map(|target| Binding {
            module: near.to_owned(),
            record: record.clone(),
            field: field.clone(),
            to: (*target).clone(),
        }));
    }
    if let Some(far) = metadata.far_side(near, through)
        && let Some(back) = far.link
        && metadata.leads_to_one(far.module, back)
    {
        let field = id_field(far.module, back, metadata);
        bound.extend(targets.iter().map(|target| Binding {
            module: far.module.to_owned(),
            record: (*target).clone(),
            field: field.clone(),
            to: record.clone(),
        }));
    }
    bound
}

fn id_field(module: &str, link: &str, metadata: &Metadata) -> String {
    match metadata.parentage(module, link) {
        Parentage::Fields(fields) => fields.first().copied(),
        Parentage::Row { id_field, .. } => id_field,
    }
    .unwrap_or(link)
    .to_owned()
}
