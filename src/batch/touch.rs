//! What a write touches: two writes that touch the same place in ways that do not go together keep their order.

use std::collections::HashMap;

use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Somewhere in the instance where the order of writes matters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    Record(ModuleName, RecordId),
    /// What one record is linked to through one link.
    Relation(ModuleName, RecordId, LinkName),
}

/// How a place is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Manner {
    /// Its own values: one after the other.
    Sole,
    /// What it is linked to is added to; many may do that in any order.
    Adds,
    /// What it is linked to is taken from; likewise.
    Takes,
}

impl Manner {
    /// Whether two touches of one place may come in either order.
    pub(super) fn goes_with(self, other: Self) -> bool {
        self == other && self != Self::Sole
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Touch {
    pub place: Place,
    pub manner: Manner,
}

impl Touch {
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.place == other.place && !self.manner.goes_with(other.manner)
    }
}

/// Places that are touched by something under way, or by something that has to come first.
#[derive(Debug, Clone, Default)]
pub struct Touched<'a>(HashMap<&'a Place, Vec<Manner>>);

impl<'a> Touched<'a> {
    pub fn add(&mut self, touches: &'a [Touch]) {
        for touch in touches {
            let manners = self.0.entry(&touch.place).or_default();
            if !manners.contains(&touch.manner) {
                manners.push(touch.manner);
            }
        }
    }

    pub fn conflicts_with(&self, touches: &[Touch]) -> bool {
        touches.iter().any(|touch| {
            let manners = self.0.get(&touch.place).into_iter().flatten();
            manners
                .copied()
                .any(|manner| !manner.goes_with(touch.manner))
        })
    }
}
