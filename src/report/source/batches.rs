//! When batches were sent and answered, in as many columns as a chart has, however many there were.

use jiff::Timestamp;

use super::Source;
use crate::report::ReportError;
use crate::runfile::BatchView;

/// A run shorter than this is drawn batch by batch: times are in whole seconds.
const SHORT: i64 = 10;

/// Columns of a chart.
const COLUMNS: usize = 60;

/// What became of batches over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Batches {
    pub(in crate::report) count: u64,
    pub(in crate::report) entries: u64,
    /// From the first that was sent to the last answer, pauses included.
    pub(in crate::report) seconds: u64,
    pub(in crate::report) scale: Scale,
    pub(in crate::report) columns: Vec<Column>,
}

/// What a column stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Scale {
    /// So many seconds, the first one beginning with the first batch.
    Seconds(u64),
    /// So many batches, in the order they were sent.
    Batches(u64),
}

/// Entries of the batches that belong to one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::report) struct Column {
    pub(in crate::report) answered: u64,
    pub(in crate::report) unanswered: u64,
}

impl Source<'_> {
    /// None where nothing was sent.
    pub(in crate::report) fn batches(&self) -> Result<Option<Batches>, ReportError> {
        let (mut count, mut entries) = (0_u64, 0);
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        self.view.each_batch(|batch| {
            count += 1;
            entries += batch.entries;
            for at in [Some(&batch.sent_at), batch.done_at.as_ref()] {
                if let Some(at) = at.and_then(|at| second(at)) {
                    first = first.min(at);
                    last = last.max(at);
                }
            }
        })?;
        if count == 0 {
            return Ok(None);
        }
        let span = last.saturating_sub(first).max(0);
        let seconds = u64::try_from(span).unwrap_or(0);
        let columns = COLUMNS as u64;
        let scale = match span < SHORT {
            true => Scale::Batches(count.div_ceil(columns)),
            false => Scale::Seconds((seconds + 1).div_ceil(columns)),
        };
        let width = match scale {
            Scale::Seconds(width) => (seconds + 1).div_ceil(width),
            Scale::Batches(width) => count.div_ceil(width),
        };
        let mut drawn = vec![Column::default(); usize::try_from(width).unwrap_or(COLUMNS)];
        let mut index = 0_u64;
        self.view.each_batch(|batch| {
            let at = match scale {
                Scale::Batches(width) => index / width,
                Scale::Seconds(width) => {
                    let at = moment(&batch).unwrap_or(first).saturating_sub(first);
                    u64::try_from(at).unwrap_or(0) / width
                }
            };
            index += 1;
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            if let Some(column) = drawn.get_mut(at) {
                match batch.done_at {
                    Some(_) => column.answered += batch.entries,
                    None => column.unanswered += batch.entries,
                }
            }
        })?;
        Ok(Some(Batches {
            count,
            entries,
            seconds,
            scale,
            columns: drawn,
        }))
    }
}

/// When it was answered, or else sent.
fn moment(batch: &BatchView) -> Option<i64> {
    second(batch.done_at.as_ref().unwrap_or(&batch.sent_at))
}

fn second(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}
