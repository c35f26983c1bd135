//! A link and an unlink of the same records in one run: the later one is judged over what the earlier one leaves, and two
//! of which nobody says which comes first contradict each other.

use super::Engine;
use super::ExecuteError;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::expr::Seq;
use crate::operation::Change;
use crate::plan::End;
use crate::plan::Tie;

/// What a step's operations do to pairs of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Ties,
    Parts,
}

impl Engine<'_> {
    /// What earlier steps do to the pairs of a link or an unlink, oldest first.
    pub(super) fn ties_before(
        &self,
        step: &CheckedStep,
        change: &Change,
        seq: Seq,
    ) -> Result<Vec<Tie>, ExecuteError> {
        let Some((end, others)) = End::of(change) else {
            return Ok(Vec::new());
        };
        // Without a step that does the contrary nothing need be looked for.
        let own = manner(step);
        let earlier = self.checked.steps.iter();
        let contrary = earlier
            .filter(|earlier| earlier.number < step.number)
            .any(|earlier| manner(earlier).is_some() && manner(earlier) != own);
        if !contrary {
            return Ok(Vec::new());
        }
        let (module, record) = (end.module.as_str(), end.record.as_str());
        let mut writes = self.file.writes_to(module, record, seq)?;
        if let Some(far) = self.metadata.far_module(module, end.link.as_str()) {
            for other in &others {
                writes.extend(self.file.writes_to(far, other.as_str(), seq)?);
            }
        }
        writes.sort_by_key(|write| write.seq);
        writes.dedup_by_key(|write| write.seq);
        let mut ties = Vec::new();
        for write in writes {
            let Some(change) = &write.change else {
                continue;
            };
            for (other, tied) in end.tied_by(change, &self.metadata) {
                if others.contains(&other) {
                    ties.push(Tie {
                        seq: write.seq,
                        state: write.state,
                        other,
                        tied,
                    });
                }
            }
        }
        Ok(ties)
    }

    /// What is wrong with a link or an unlink if an earlier step does the contrary and nothing says which comes first.
    pub(super) fn tied_otherwise(
        &self,
        step: &CheckedStep,
        change: &Change,
        ties: &[Tie],
    ) -> Option<String> {
        if !ties.iter().any(|tie| tie.tied.is_contrary_to(change)) {
            return None;
        }
        let before = self.upstream_of(step);
        let unordered = ties
            .iter()
            .filter(|tie| tie.tied.is_contrary_to(change))
            .find(|tie| !before.contains(&tie.seq.step()))?;
        let (end, _) = End::of(change)?;
        let (here, does) = (&step.id, tells(change));
        let other = &self.checked.step(unordered.seq.step()).id;
        Some(format!(
            "step `{here}` {does} {} `{}` and `{}` through `{}`, and step `{other}` does the contrary; leave it out of one \
             of the two, or say with `depends_on` which comes first",
            end.module, end.record, unordered.other, end.link,
        ))
    }
}

fn tells(change: &Change) -> &'static str {
    match change {
        Change::Unlink { .. } => "unlinks",
        _ => "links",
    }
}

fn manner(step: &CheckedStep) -> Option<Manner> {
    match &step.action {
        CheckedAction::Write(CheckedWrite::Unlink { .. }) => Some(Manner::Parts),
        CheckedAction::Write(
            CheckedWrite::Link { .. } | CheckedWrite::Create { under: Some(_), .. },
        ) => Some(Manner::Ties),
        _ => None,
    }
}
