//! One plain line on how far a run is, for logs and pipes.

use std::fmt;
use std::time::Duration;

use super::text::cells;
use super::text::grouped;
use crate::event::Activity;
use crate::event::Progress;

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planning => f.write_str("planning"),
            Self::Running => f.write_str("running"),
            Self::Throttled => f.write_str("throttled"),
            Self::Paused(since) => write!(f, "paused, no answer for {}", short(*since)),
            Self::Stopping => f.write_str("stopping"),
        }
    }
}

/// `1,200/10,000 12%  85.2/s  running  4 × 100  ETA 1m 43s  2 failed`: of the numbers between, the first is how many batches
/// may be under way, the second how many entries each may have.
///
/// `settled_before` is what was settled when this command began, `elapsed` the time since then: a resumed run has its
/// own rate.
pub fn progress_line(progress: &Progress, settled_before: u64, elapsed: Duration) -> String {
    let (done, total) = (progress.settled(), progress.operations());
    let here = done.saturating_sub(settled_before);
    let rate = rate(here, elapsed);
    // What is not expanded yet adds to the total, so that it is a lower bound.
    let is_known = progress.unexpanded == 0;
    let share = match (is_known, (done * 100).checked_div(total)) {
        (false, _) => "+".to_owned(),
        (true, Some(percent)) => format!(" {percent}%"),
        (true, None) => String::new(),
    };
    let mut pieces = vec![format!("{}/{}{share}", grouped(done), grouped(total))];
    if let Some(rate) = rate {
        pieces.push(format!("{rate:.1}/s"));
    }
    pieces.push(progress.activity.to_string());
    if progress.slots > 0 {
        pieces.push(format!("{} × {}", progress.slots, progress.batch_size));
    }
    let left = total.saturating_sub(done);
    if is_known
        && left > 0
        && progress.activity == Activity::Running
        && let Some(eta) = remaining(left, here, elapsed)
    {
        pieces.push(format!("ETA {}", short(eta)));
    }
    for (count, word) in [(progress.failed, "failed"), (progress.unknown, "unknown")] {
        if count > 0 {
            pieces.push(format!("{} {word}", grouped(count)));
        }
    }
    pieces.join("  ")
}

/// How much a step came to, with what the playbook calls it: `step `owner`, the new owner: 1 record`.
pub fn step_line(id: &str, name: Option<&str>, count: u64, noun: &str) -> String {
    let name = name.map(|name| format!(", {}", cells::visible(name)));
    format!(
        "step `{id}`{}: {}",
        name.unwrap_or_default(),
        cells::counted(count, noun)
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of operations are small beside 2^52"
)]
fn rate(count: u64, elapsed: Duration) -> Option<f64> {
    let seconds = elapsed.as_secs_f64();
    (count > 0 && seconds > 0.0).then(|| count as f64 / seconds)
}

/// At the rate so far.
fn remaining(left: u64, done: u64, elapsed: Duration) -> Option<Duration> {
    if done == 0 {
        return None;
    }
    let millis = elapsed.as_millis() * u128::from(left) / u128::from(done);
    u64::try_from(millis).ok().map(Duration::from_millis)
}

/// "43s", "1m 43s", "2h 05m".
fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m {:02}s", seconds % 60),
        _ => format!("{hours}h {minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(ok: u64, planned: u64) -> Progress {
        Progress {
            planned,
            ok,
            ..Progress::default()
        }
    }

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let line = |progress: &Progress, before, seconds, activity| {
            let progress = Progress {
                activity,
                ..*progress
            };
            progress_line(&progress, before, Duration::from_secs(seconds))
        };
        assert_eq!(
            line(&progress(1_200, 8_800), 200, 10, Activity::Running),
            "1,200/10,000 12%  100.0/s  running  ETA 1m 28s"
        );
        assert_eq!(
            line(&progress(0, 5), 0, 0, Activity::Running),
            "0/5 0%  running"
        );
        let steered = Progress {
            slots: 8,
            batch_size: 100,
            ..progress(5, 0)
        };
        assert_eq!(
            line(&steered, 0, 1, Activity::Running),
            "5/5 100%  5.0/s  running  8 × 100"
        );
        let troubled = Progress {
            failed: 2,
            unknown: 1,
            unexpanded: 1,
            ..progress(7, 0)
        };
        assert_eq!(
            line(&troubled, 0, 5, Activity::Paused(Duration::from_secs(90))),
            "10/10+  2.0/s  paused, no answer for 1m 30s  2 failed  1 unknown"
        );
        assert_eq!(
            line(&progress(0, 0), 0, 1, Activity::Planning),
            "0/0  planning"
        );
    }

    #[test]
    fn a_step_is_called_what_the_playbook_calls_it() {
        assert_eq!(
            step_line("owner", None, 1, "record"),
            "step `owner`: 1 record"
        );
        assert_eq!(
            step_line("old", Some("Recycle\nthe old ones"), 1_200, "item"),
            r"step `old`, Recycle\nthe old ones: 1,200 items"
        );
    }

    #[test]
    fn durations_are_short() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (60, "1m 00s"), (7_500, "2h 05m")] {
            assert_eq!(short(Duration::from_secs(seconds)), text);
        }
    }
}
