//! Counting sessions that ended before their time: somebody else logs in as the same user on the same platform.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const WITHIN: Duration = Duration::from_mins(10);
const TOO_MANY: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Losses(VecDeque<Instant>);

impl Losses {
    /// Counts one, and says whether it is one too many: two runs would go on ending each other's session for ever.
    pub(super) fn count(&mut self, now: Instant) -> bool {
        self.0.push_back(now);
        while self
            .0
            .front()
            .is_some_and(|first| now.duration_since(*first) >= WITHIN)
        {
            self.0.pop_front();
        }
        self.0.len() >= TOO_MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_within_ten_minutes_are_too_many() {
        let start = Instant::now();
        let counted = |minutes: &[u64]| -> Vec<bool> {
            let mut losses = Losses::default();
            minutes
                .iter()
                .map(|minute| losses.count(start + Duration::from_mins(*minute)))
                .collect()
        };
        assert_eq!(counted(&[0, 4, 9]), [false, false, true]);
        assert_eq!(counted(&[0, 4, 10]), [false, false, false]);
        assert_eq!(counted(&[0, 9, 11, 18]), [false, false, false, true]);
    }
}
