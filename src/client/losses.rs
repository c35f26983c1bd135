//! Counting sessions that ended before their time, and telling by what: somebody else may have logged in as the same user on
//! the same platform.
//!
//! A second login ends the whole session (fact sheet 8), so that nothing can be refreshed any more. Where a refresh is
//! granted only the access token had ended, and nobody else has logged in.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const WITHIN: Duration = Duration::from_mins(10);
const TOO_MANY: usize = 3;

/// What was seen of a session that ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// All of it ended: its refresh token was refused as well.
    Whole,
    /// Nothing tells by what: there was nothing to refresh with, or the instance renews it and refuses what it gave.
    Unclear,
}

#[derive(Debug, Default)]
pub(super) struct Losses(VecDeque<(Instant, Loss)>);

impl Losses {
    /// Counts one. Where that is one too many, since two runs would go on ending each other's session for ever, it says
    /// what is known of all of them.
    pub(super) fn count(&mut self, now: Instant, loss: Loss) -> Option<Loss> {
        self.0.push_back((now, loss));
        while self
            .0
            .front()
            .is_some_and(|(first, _)| now.duration_since(*first) >= WITHIN)
        {
            self.0.pop_front();
        }
        let are_whole = self.0.iter().all(|(_, loss)| *loss == Loss::Whole);
        (self.0.len() >= TOO_MANY).then_some(match are_whole {
            true => Loss::Whole,
            false => Loss::Unclear,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lost: &[(u64, Loss)]) -> Vec<Option<Loss>> {
        let start = Instant::now();
        let mut losses = Losses::default();
        lost.iter()
            .map(|(minute, loss)| losses.count(start + Duration::from_mins(*minute), *loss))
            .collect()
    }

    #[test]
    fn three_within_ten_minutes_are_too_many() {
        let whole = |minutes: &[u64]| -> Vec<bool> {
            let lost: Vec<_> = minutes
                .iter()
                .map(|minute| (*minute, Loss::Whole))
                .collect();
            counted(&lost).iter().map(Option::is_some).collect()
        };
        assert_eq!(whole(&[0, 4, 9]), [false, false, true]);
        assert_eq!(whole(&[0, 4, 10]), [false, false, false]);
        assert_eq!(whole(&[0, 9, 11, 18]), [false, false, false, true]);
    }

    #[test]
    fn nobody_is_suspected_for_what_is_unclear() {
        use Loss::Unclear;
        use Loss::Whole;
        let last = |lost: &[(u64, Loss)]| counted(lost).pop().flatten();
        assert_eq!(last(&[(0, Whole), (1, Whole), (2, Whole)]), Some(Whole));
        assert_eq!(last(&[(0, Whole), (1, Unclear), (2, Whole)]), Some(Unclear));
        // What is long past is not counted any more, and no doubt either.
        let lost = [(0, Unclear), (9, Whole), (11, Whole), (12, Whole)];
        assert_eq!(last(&lost), Some(Whole));
    }
}
