//! What a link sets without naming it: the id field of a record that has one at most at the other end. And what it sets of
//! the relation itself.

use serde_json::Value as Json;

use crate::metadata::Metadata;
use crate::metadata::Parentage;
use crate::operation::Change;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// A record that is bound to one other, or whose link to another has a column set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub module: String,
    pub record: RecordId,
    /// The id field, or the link where no field shows it. Of a column, a name that no field has.
    pub field: String,
    /// The id of the other one, or what the column is set to.
    pub to: String,
    pub column: Option<Column>,
}

/// A column of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// The record at the other end.
    pub other: RecordId,
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

/// What a change sets of relations, by the same names from whichever end a link is written.
pub fn columns(change: &Change, metadata: &Metadata) -> Vec<Binding> {
    match change {
        Change::Link {
            module,
            record,
            link,
            targets,
        } => {
            let set = targets.iter();
            set.flat_map(|target| columns_of(module, record, link, target, metadata))
                .collect()
        }
        _ => Vec::new(),
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
            to: target.as_str().to_owned(),
            column: None,
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
            to: record.as_str().to_owned(),
            column: None,
        }));
    }
    bound
}

fn columns_of(
    module: &ModuleName,
    record: &RecordId,
    link: &LinkName,
    target: &LinkTarget,
    metadata: &Metadata,
) -> Vec<Binding> {
    let (near, through) = (module.as_str(), link.as_str());
    let Some(far) = metadata.far_module(near, through) else {
        return Vec::new();
    };
    let described = metadata
        .module(near)
        .and_then(|module| module.link(through));
    let relation = described.and_then(|link| link.relationship.as_deref());
    let relation = relation.unwrap_or(through);
    let (here, there) = ((near, record), (far, &target.id));
    let (one, other) = match here <= there {
        true => (here, there),
        false => (there, here),
    };
    let set = target.columns.iter().map(|(name, value)| Binding {
        module: one.0.to_owned(),
        record: one.1.clone(),
        field: format!("{relation} {} {name}", other.1),
        to: match value {
            Json::String(text) => text.clone(),
            Json::Bool(flag) => u8::from(*flag).to_string(),
            other => other.to_string(),
        },
        column: Some(Column {
            name: name.clone(),
            other: other.1.clone(),
        }),
    });
    set.collect()
}

fn id_field(module: &str, link: &str, metadata: &Metadata) -> String {
    match metadata.parentage(module, link) {
        Parentage::Fields(fields) => fields.first().copied(),
        Parentage::Row { id_field, .. } => id_field,
    }
    .unwrap_or(link)
    .to_owned()
}
