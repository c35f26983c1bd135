//! What a change touches in the instance, its far ends included.

use crate::batch::Manner;
use crate::batch::Place;
use crate::batch::Touch;
use crate::metadata::Metadata;
use crate::operation::Change;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::RecordId;

pub(super) fn touches(change: &Change, metadata: &Metadata) -> Vec<Touch> {
    let mut touches = Vec::new();
    match change {
        Change::Link {
            module,
            record,
            link,
            targets,
        } => {
            let others = targets.iter().map(|target| &target.id);
            let relation = Relation::new(module, link, Manner::Adds, metadata);
            relation.push(record, others, &mut touches);
        }
        Change::Unlink {
            module,
            record,
            link,
            others,
        } => {
            let relation = Relation::new(module, link, Manner::Takes, metadata);
            relation.push(record, others.iter(), &mut touches);
        }
        Change::Create {
            module, id, under, ..
        } => {
            if let Some(parent) = under {
                let relation = Relation::new(&parent.module, &parent.link, Manner::Adds, metadata);
                relation.push(&parent.record, std::iter::once(id), &mut touches);
            }
            touches.retain(|touch| touch.place != Place::Record(module.clone(), id.clone()));
            touches.push(own(module, id));
        }
        // The key stands for the record that only the instance knows.
        Change::UpsertByKey {
            module,
            sync_key,
            record: None,
            ..
        } => touches.push(own(module, &RecordId::new(sync_key))),
        change => touches.extend(change.about().map(|(module, record)| own(module, record))),
    }
    touches
}

fn own(module: &ModuleName, record: &RecordId) -> Touch {
    Touch {
        place: Place::Record(module.clone(), record.clone()),
        manner: Manner::Sole,
    }
}

/// Both ends of a link.
struct Relation<'a> {
    near: &'a ModuleName,
    link: &'a LinkName,
    /// How a record of each end is touched in what it is linked to: one after the other, where it has one at most.
    near_manner: Manner,
    far: Option<ModuleName>,
    back: Option<(LinkName, Manner)>,
    manner: Manner,
}

impl<'a> Relation<'a> {
    fn new(near: &'a ModuleName, link: &'a LinkName, manner: Manner, metadata: &Metadata) -> Self {
        let of = |module: &str, link: &str| match metadata.leads_to_one(module, link) {
            true => Manner::Sole,
            false => manner,
        };
        let far = metadata.far_side(near.as_str(), link.as_str());
        let back = far.as_ref().and_then(|far| {
            let back = far.link?;
            Some((LinkName::new(back), of(far.module, back)))
        });
        Self {
            near,
            link,
            near_manner: of(near.as_str(), link.as_str()),
            far: far.map(|far| ModuleName::new(far.module)),
            back,
            manner,
        }
    }

    fn push<'b>(
        &self,
        record: &RecordId,
        others: impl Iterator<Item = &'b RecordId>,
        touches: &mut Vec<Touch>,
    ) {
        let mut touch = |place: Place, manner: Manner| touches.push(Touch { place, manner });
        touch(
            Place::Record(self.near.clone(), record.clone()),
            self.manner,
        );
        touch(
            Place::Relation(self.near.clone(), record.clone(), self.link.clone()),
            self.near_manner,
        );
        let Some(far) = &self.far else { return };
        for other in others {
            touch(Place::Record(far.clone(), other.clone()), self.manner);
            if let Some((back, manner)) = &self.back {
                touch(
                    Place::Relation(far.clone(), other.clone(), back.clone()),
                    *manner,
                );
            }
        }
    }
}
