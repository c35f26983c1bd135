//! Batches over time, as columns: how many operations were answered when.

use serde::Serialize;

use crate::report::source::Batches;
use crate::report::source::Scale;
use crate::report::text::cells::counted;
use crate::report::text::grouped;

/// Units of the drawing; the page stretches it.
const WIDTH: u64 = 600;
const HEIGHT: u64 = 100;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Chart {
    width: u64,
    height: u64,
    columns: Vec<Bar>,
    /// From the top.
    y_labels: Vec<String>,
    /// From the left.
    x_labels: Vec<String>,
    x_title: &'static str,
    title: String,
    /// Whether some of it has no answer, so that the key says what that colour means.
    has_unanswered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Bar {
    x: u64,
    width: u64,
    answered: u64,
    unanswered: u64,
    said: String,
}

impl Chart {
    pub(super) fn of(batches: &Batches) -> Self {
        let columns = &batches.columns;
        let largest = columns
            .iter()
            .map(|column| column.answered + column.unanswered)
            .max()
            .unwrap_or(0);
        let top = round(largest);
        let step = WIDTH / (columns.len() as u64).max(1);
        let scaled = |count: u64| match count {
            0 => 0,
            count => (count * HEIGHT / top).max(1),
        };
        // Few columns do not become walls.
        let width = (step * 4 / 5).clamp(1, WIDTH / 24);
        let bars = columns.iter().zip(0..).map(|(column, index)| Bar {
            x: index * step + (step - width.min(step)) / 2,
            width: width.min(step),
            answered: scaled(column.answered),
            unanswered: scaled(column.unanswered),
            said: said(batches, index, column.answered, column.unanswered),
        });
        let end = columns.len() as u64;
        let (x_labels, x_title) = match batches.scale {
            Scale::Seconds(width) => (
                [0, end / 2, end].map(|at| duration(at * width)).to_vec(),
                "time since the first batch",
            ),
            Scale::Batches(_) => (
                match batches.count {
                    1 => vec!["batch 1".to_owned()],
                    count => vec!["batch 1".to_owned(), format!("batch {}", grouped(count))],
                },
                "in the order they were sent",
            ),
        };
        Self {
            width: WIDTH,
            height: HEIGHT,
            columns: bars.collect(),
            y_labels: vec![grouped(top), grouped(top / 2), "0".to_owned()],
            x_labels,
            x_title,
            title: format!(
                "{} in {}, {}",
                counted(batches.entries, "write"),
                match batches.count {
                    1 => "1 batch".to_owned(),
                    count => format!("{} batches", grouped(count)),
                },
                match batches.seconds {
                    0 => "within a second".to_owned(),
                    seconds => format!("within {}", duration(seconds)),
                }
            ),
            has_unanswered: columns.iter().any(|column| column.unanswered > 0),
        }
    }
}

fn said(batches: &Batches, index: u64, answered: u64, unanswered: u64) -> String {
    let place = match batches.scale {
        Scale::Seconds(width) => format!("after {}", duration(index * width)),
        Scale::Batches(1) => format!("batch {}", index + 1),
        Scale::Batches(width) => format!(
            "batches {} to {}",
            index * width + 1,
            ((index + 1) * width).min(batches.count)
        ),
    };
    let lost = match unanswered {
        0 => String::new(),
        count => format!(", {} without an answer", grouped(count)),
    };
    format!("{place}: {} answered{lost}", grouped(answered))
}

/// The next number that is easy to read and to halve.
fn round(largest: u64) -> u64 {
    let mut unit = 1;
    loop {
        for factor in [2, 4, 6, 10] {
            if factor * unit >= largest {
                return factor * unit;
            }
        }
        unit *= 10;
    }
}

fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds % 3600 / 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (largest, top) in [
            (0, 2),
            (1, 2),
            (3, 4),
            (7, 10),
            (100, 100),
            (101, 200),
            (950, 1000),
        ] {
            assert_eq!(round(largest), top);
        }
        for (seconds, text) in [
            (0, "0 s"),
            (60, "1 min"),
            (95, "1 min 35 s"),
            (7260, "2 h 1 min"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
