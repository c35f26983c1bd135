//! How much is sent at once: how many batches are under way, and how large they are. A pure function of what was measured.
//!
//! At the beginning every answer that takes no longer than the first ones adds a slot. Answers that take longer may mean
//! that requests queue at the instance or that it became slower; which of the two, only trying tells: fewer slots are kept
//! where as much gets done with them, more where more does.

use std::time::Duration;

use crate::batch::Budget;
use crate::batch::Class;
use crate::runfile::Steered;

/// The most that may be sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Entries of a batch at most.
    pub entries: usize,
    /// Bytes of a batch at most.
    pub bytes: usize,
    /// Batches on their way at most.
    pub slots: usize,
}

impl Default for Pace {
    fn default() -> Self {
        // 100 entries are the largest chunks seen in use (fact sheet 2); PHP takes 8 MiB bodies as it is installed. Of
        // the slots nothing is published.
        Self {
            entries: 100,
            bytes: 4 << 20,
            slots: 16,
        }
    }
}

/// Batches under way at the beginning.
const FIRST_SLOTS: usize = 4;

/// Entries of a batch while slots are added, so that answers come soon.
const FIRST_ENTRIES: usize = 20;

/// Fewer operations are not spread over several batches: a request costs more than they do.
const FEWEST_ENTRIES: usize = 4;

/// Time that a batch may take at the instance.
const LONGEST: Duration = Duration::from_secs(15);

/// No byte limit goes below this; what is larger by itself goes by itself.
const FEWEST_BYTES: usize = 1 << 10;

/// How much longer than usual an answer may take before something is thought to have changed.
const SLOWER: f64 = 1.4;

/// What the published measurement gives for a request and for an entry of each class, in seconds. Only how
/// they stand to each other matters: the instance's own times take their place as they are measured.
const REQUEST: f64 = 0.45;
const ENTRY: [f64; Class::COUNT] = [0.112, 0.076, 0.091, 0.076];

/// One attempt of one batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    /// When it ended, from the beginning of the run.
    pub(super) at: Duration,
    pub(super) took: Duration,
    /// Records written, by class.
    pub(super) records: [u32; Class::COUNT],
    pub(super) bytes: usize,
    pub(super) verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Answered,
    /// The instance asks for less: 429, 503, or the 500 of a deadlock.
    Refused,
    TooLarge,
}

#[derive(Debug, Clone)]
pub(super) struct Steering {
    most: Pace,
    slots: usize,
    bytes: usize,
    seconds_per: [f64; Class::COUNT],
    phase: Phase,
    /// How long answers take beside what is published: at best, and now.
    best: f64,
    now: f64,
    round: Round,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Starting,
    /// Nothing is tried for so many rounds.
    Steady {
        rounds: u32,
    },
    /// Another number of slots than `from`, with which this much got done, and answers took so long.
    Trying {
        from: usize,
        rate: f64,
        slowness: f64,
        settled: bool,
    },
}

/// As many answers as there are slots.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    began: Option<Duration>,
    answers: usize,
    work: f64,
    refused: bool,
    /// There was not enough to do for all slots.
    starved: bool,
}

impl Steering {
    pub(super) fn new(most: Pace, before: Option<Steered>) -> Self {
        let slots = most.slots.clamp(1, FIRST_SLOTS);
        let phase = match most.slots > slots {
            true => Phase::Starting,
            false => Phase::Steady { rounds: 0 },
        };
        let refused = before.and_then(|before| before.byte_limit);
        Self {
            most,
            slots,
            bytes: refused.map_or(most.bytes, |bytes| bytes.min(most.bytes)),
            seconds_per: ENTRY,
            phase,
            best: f64::INFINITY,
            now: 0.0,
            round: Round::default(),
        }
    }

    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    pub(super) fn entries(&self) -> usize {
        match self.phase {
            Phase::Starting => self.most.entries.min(FIRST_ENTRIES),
            Phase::Steady { .. } | Phase::Trying { .. } => self.most.entries,
        }
    }

    /// What a batch may hold while so many operations wait and so many slots are free.
    pub(super) fn budget(&self, waiting: usize, free: usize) -> Budget {
        Budget {
            entries: self.entries(),
            bytes: self.bytes,
            seconds: LONGEST.as_secs_f64(),
            seconds_per: self.seconds_per,
            share: waiting.div_ceil(self.slots).max(FEWEST_ENTRIES),
            slots: free,
        }
    }

    /// As the run file keeps it.
    pub(super) fn steered(&self) -> Steered {
        Steered {
            slots: self.slots,
            entries: self.entries(),
            byte_limit: (self.bytes < self.most.bytes).then_some(self.bytes),
        }
    }

    /// There was less to do than there are slots, so what gets done says nothing of them.
    pub(super) fn starved(&mut self) {
        self.round.starved = true;
    }

    pub(super) fn learn(&mut self, measured: &Measured) {
        match measured.verdict {
            Verdict::TooLarge => {
                let tried = measured.bytes.min(self.bytes);
                self.bytes = (tried / 2).max(FEWEST_BYTES);
            }
            Verdict::Refused => {
                if !self.round.refused {
                    self.slots = (self.slots / 2).max(1);
                    self.phase = Phase::Steady { rounds: 4 };
                    self.round = Round {
                        refused: true,
                        ..Round::default()
                    };
                }
            }
            Verdict::Answered => self.answered(measured),
        }
    }

    fn answered(&mut self, measured: &Measured) {
        let work = work(&measured.records);
        let slowness = measured.took.as_secs_f64() / (REQUEST + work);
        self.learn_times(measured);
        self.now = match self.now > 0.0 {
            true => self.now + 0.3 * (slowness - self.now),
            false => slowness,
        };
        if self.phase == Phase::Starting {
            self.best = self.best.min(slowness);
            if slowness > SLOWER * self.best {
                self.slots = self.without_queue(slowness);
                self.phase = Phase::Steady { rounds: 2 };
            } else {
                self.slots = (self.slots + 1).min(self.most.slots);
                if self.slots == self.most.slots {
                    self.phase = Phase::Steady { rounds: 2 };
                }
            }
        }
        let round = &mut self.round;
        let Some(began) = round.began else {
            round.began = Some(measured.at);
            return;
        };
        round.answers += 1;
        round.work += REQUEST + work;
        if round.answers >= self.slots {
            let took = measured.at.saturating_sub(began).as_secs_f64();
            let rate = round.work / took.max(0.001);
            let starved = round.starved;
            *round = Round {
                began: Some(measured.at),
                ..Round::default()
            };
            if !starved {
                self.end_round(rate);
            }
        }
    }

    /// As many slots as would keep the instance busy if answers take longer only for queueing, and one more.
    fn without_queue(&self, slowness: f64) -> usize {
        let busy = scaled(self.slots, self.best / slowness);
        (busy + 1).clamp(1, self.slots)
    }

    fn end_round(&mut self, rate: f64) {
        match self.phase {
            Phase::Starting => {}
            Phase::Steady { rounds: 0 } => self.try_other(rate),
            Phase::Steady { rounds } => self.phase = Phase::Steady { rounds: rounds - 1 },
            // The first round still holds answers of the time before.
            Phase::Trying {
                from,
                rate,
                slowness,
                settled: false,
            } => {
                self.now = 0.0;
                self.phase = Phase::Trying {
                    from,
                    rate,
                    slowness,
                    settled: true,
                };
            }
            Phase::Trying {
                from,
                rate: before,
                slowness,
                ..
            } => {
                let fewer = self.slots < from;
                let gain = rate / before;
                let is_better = match fewer {
                    true => gain > 0.9,
                    false => gain > 1.0 + 0.5 * (ratio(self.slots, from) - 1.0),
                };
                self.phase = Phase::Steady {
                    rounds: match (is_better, fewer) {
                        (true, _) => 0,
                        (false, true) => 1,
                        (false, false) => 8,
                    },
                };
                if !is_better {
                    self.slots = from;
                    self.now = slowness;
                    // Fewer slots got less done: the instance is slower, and no queue was the reason.
                    if fewer {
                        self.best = slowness;
                    }
                }
            }
        }
    }

    fn try_other(&mut self, rate: f64) {
        let slots = if self.now > SLOWER * self.best && self.slots > 1 {
            self.without_queue(self.now)
        } else {
            (self.slots + (self.slots / 4).max(1)).min(self.most.slots)
        };
        if slots != self.slots {
            self.phase = Phase::Trying {
                from: self.slots,
                rate,
                slowness: self.now,
                settled: false,
            };
            self.slots = slots;
        } else if self.now > SLOWER * self.best {
            self.best = self.now;
        }
    }

    /// What an entry of each class takes, each class in the measure in which it was part of the batch.
    fn learn_times(&mut self, measured: &Measured) {
        let expected: Vec<f64> = measured
            .records
            .iter()
            .zip(self.seconds_per)
            .map(|(records, seconds)| f64::from(*records) * seconds)
            .collect();
        let whole: f64 = expected.iter().sum();
        if whole <= 0.0 {
            return;
        }
        let off = measured.took.as_secs_f64() / whole;
        for (seconds, expected) in self.seconds_per.iter_mut().zip(expected) {
            *seconds *= 1.0 + 0.5 * (expected / whole) * (off - 1.0);
        }
    }
}

fn work(records: &[u32; Class::COUNT]) -> f64 {
    let each = records.iter().zip(ENTRY);
    each.map(|(records, seconds)| f64::from(*records) * seconds)
        .sum()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few slots by a factor between 0 and 1"
)]
fn scaled(slots: usize, factor: f64) -> usize {
    (slots as f64 * factor).round() as usize
}

#[expect(clippy::cast_precision_loss, reason = "both are a few slots")]
fn ratio(one: usize, other: usize) -> f64 {
    one as f64 / other.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATES: [u32; 4] = [100, 0, 0, 0];

    fn answered(at: f64, took: f64) -> Measured {
        Measured {
            at: Duration::from_secs_f64(at),
            took: Duration::from_secs_f64(took),
            records: CREATES,
            bytes: 50_000,
            verdict: Verdict::Answered,
        }
    }

    /// An instance with workers and a price, both changing with time, and a client that always has enough to do.
    struct Simulated<'a> {
        workers: &'a dyn Fn(f64) -> usize,
        price: &'a dyn Fn(f64) -> f64,
    }

    impl Simulated<'_> {
        /// Runs this many creates; gives the time it took and the slots at the end.
        fn run(&self, most: Pace, creates: u32) -> (f64, usize) {
            let mut steering = Steering::new(most, None);
            let (mut clock, mut left) = (0.0_f64, creates);
            // Batches at the instance, with when they were sent and what of them is still to do; the first ones are
            // worked on.
            let mut queue: Vec<(f64, f64, u32)> = Vec::new();
            loop {
                while left > 0 && queue.len() < steering.slots() {
                    let budget = steering.budget(usize::try_from(left).unwrap(), 1);
                    let by_time = (budget.seconds / budget.seconds_per[0]).max(1.0);
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    let by_time = by_time as u32;
                    let entries = u32::try_from(budget.entries.min(budget.share))
                        .unwrap()
                        .min(by_time)
                        .min(left);
                    left -= entries;
                    queue.push((clock, REQUEST + 0.112 * f64::from(entries), entries));
                }
                if queue.is_empty() {
                    return (clock, steering.slots());
                }
                let step = 0.05;
                clock += step;
                let workers = (self.workers)(clock);
                for batch in queue.iter_mut().take(workers) {
                    batch.1 -= step / (self.price)(clock);
                }
                let done: Vec<_> = queue.extract_if(.., |batch| batch.1 <= 0.0).collect();
                if left == 0 {
                    steering.starved();
                }
                for (sent, _, entries) in done {
                    steering.learn(&Measured {
                        records: [entries, 0, 0, 0],
                        ..answered(clock, clock - sent)
                    });
                }
            }
        }
    }

    #[test]
    fn as_many_slots_as_the_instance_has_workers_are_found() {
        for (workers, fewest, most) in [(1, 1, 3), (4, 4, 8), (8, 8, 14), (16, 14, 16)] {
            let server = Simulated {
                workers: &|_| workers,
                price: &|_| 1.0,
            };
            let (took, slots) = server.run(Pace::default(), 20_000);
            assert!(
                (fewest..=most).contains(&slots),
                "{workers} workers, {slots} slots"
            );
            let floor =
                20_000.0 * (0.112 + REQUEST / 100.0) / f64::from(u32::try_from(workers).unwrap());
            assert!(
                took < 1.1 * floor,
                "{workers} workers: {took:.0} s, at best {floor:.0} s"
            );
        }
    }

    #[test]
    fn an_instance_that_becomes_slow_and_recovers_costs_little() {
        let server = Simulated {
            workers: &|_| 16,
            price: &|at| {
                if (60.0..180.0).contains(&at) {
                    3.0
                } else {
                    1.0
                }
            },
        };
        // As much as 16 workers do in 200 s, of which 120 count for 40.
        let (took, _) = server.run(Pace::default(), 16_500);
        assert!(took < 1.15 * 200.0, "{took:.0} s");
    }

    #[test]
    fn workers_that_go_are_not_waited_for_with_full_queues() {
        let server = Simulated {
            workers: &|at| if at < 60.0 { 16 } else { 4 },
            price: &|_| 1.0,
        };
        let (took, slots) = server.run(Pace::default(), 12_000);
        assert!((4..=10).contains(&slots), "{slots} slots");
        // 60 s of 16 workers, the rest with 4.
        let rest = 12_000.0 * (0.112 + REQUEST / 100.0) - 60.0 * 16.0;
        assert!(took < 1.15 * (60.0 + rest / 4.0), "{took:.0} s");
    }

    #[test]
    fn ceilings_are_never_passed() {
        for slots in 1..=6 {
            let most = Pace {
                slots,
                entries: 10,
                ..Pace::default()
            };
            let mut steering = Steering::new(most, None);
            for number in 0..200 {
                assert!(steering.slots() <= slots && steering.entries() <= 10);
                steering.learn(&answered(f64::from(number), 1.0));
            }
        }
    }

    #[test]
    fn a_refusal_halves_the_slots_once_a_round() {
        let mut steering = Steering::new(Pace::default(), None);
        for number in 0..40 {
            steering.learn(&answered(f64::from(number), 11.65));
        }
        assert_eq!(steering.slots(), 16);
        let refused = Measured {
            verdict: Verdict::Refused,
            ..answered(41.0, 0.1)
        };
        steering.learn(&refused);
        steering.learn(&refused);
        assert_eq!(steering.slots(), 8);
    }

    #[test]
    fn what_was_too_large_is_halved_and_remembered() {
        let mut steering = Steering::new(Pace::default(), None);
        let too_large = Measured {
            bytes: 300_000,
            verdict: Verdict::TooLarge,
            ..answered(1.0, 0.1)
        };
        steering.learn(&too_large);
        assert_eq!(steering.budget(1, 1).bytes, 150_000);
        let later = Steering::new(Pace::default(), Some(steering.steered()));
        assert_eq!(later.budget(1, 1).bytes, 150_000);
    }

    #[test]
    fn times_follow_what_is_measured() {
        let mut steering = Steering::new(Pace::default(), None);
        for number in 0..20 {
            steering.learn(&answered(f64::from(number), 50.0));
        }
        let create = steering.budget(1, 1).seconds_per[0];
        assert!((0.48..0.52).contains(&create), "{create}");
    }
}
