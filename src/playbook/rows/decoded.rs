//! A file in any encoding as UTF-8, with an eye on where its rows begin.
//!
//! The CSV reader sees only the decoded bytes. It says how many it has consumed; from that this reader knows the line a
//! row begins on, whether some of its bytes were no text, when a row grows beyond reason, and whether the file ends
//! inside a quote.

use std::collections::VecDeque;
use std::io;
use std::io::Read;

use encoding_rs::Decoder;
use encoding_rs::DecoderResult;
use encoding_rs::Encoding;

use super::LARGEST_ROW;

const CHUNK: usize = 32 * 1024;

/// Follows the text of the file: a line break ends the last row, unless a quote was left open, and then the row goes on.
const BEHIND: &str = "\n.";

/// What replaces bytes that are no text.
const REPLACEMENT: &str = "\u{fffd}";

pub(super) struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_from: usize,
    raw_to: usize,
    is_at_end: bool,
    is_finished: bool,
    is_behind_sent: bool,
    text: String,
    text_from: usize,
    watch: Watch,
}

/// Offsets are those of the decoded text.
#[derive(Debug)]
struct Watch {
    seen: u64,
    row_start: u64,
    /// The line of the next byte, from 1.
    line: u64,
    is_line_start: bool,
    was_carriage_return: bool,
    /// Where lines begin that are not empty, with their numbers.
    line_starts: VecDeque<(u64, u64)>,
    /// The last line inside the present row that has been dropped from `line_starts`.
    forgotten: Option<u64>,
    malformed: Vec<u64>,
    /// Where the text of the file ends, once that is known.
    end: Option<u64>,
}

/// What is known of a row when it has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowPlace {
    pub(super) first_line: u64,
    pub(super) last_line: u64,
    pub(super) is_malformed: bool,
    pub(super) reach: Reach,
}

/// Where a row ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Inside,
    /// The file ended before the row did.
    Unclosed,
    /// It is no row of the file.
    Behind,
}

/// The reader's way to say that a row is larger than it may be.
#[derive(Debug, thiserror::Error)]
#[error("the row is too large")]
pub(super) struct RowTooLarge;

impl<R: Read> Decoded<R> {
    /// A byte-order mark is removed, and names the encoding if it names another one.
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder(),
            raw: vec![0; CHUNK],
            raw_from: 0,
            raw_to: 0,
            is_at_end: false,
            is_finished: false,
            is_behind_sent: false,
            text: String::with_capacity(CHUNK),
            text_from: 0,
            watch: Watch {
                seen: 0,
                row_start: 0,
                line: 1,
                is_line_start: true,
                was_carriage_return: false,
                line_starts: VecDeque::new(),
                forgotten: None,
                malformed: Vec::new(),
                end: None,
            },
        }
    }

    /// To be called when a row has been read, with the number of bytes consumed until then.
    pub(super) fn row_read(&mut self, row_end: u64) -> RowPlace {
        self.watch.row_read(row_end)
    }

    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.text_from = 0;
        while self.text.is_empty() && !self.is_finished {
            if self.raw_from == self.raw_to && !self.is_at_end {
                self.raw_from = 0;
                self.raw_to = self.inner.read(&mut self.raw)?;
                self.is_at_end = self.raw_to == 0;
            }
            self.text.reserve(CHUNK);
            let raw = &self.raw[self.raw_from..self.raw_to];
            let (result, consumed) = self.decoder.decode_to_string_without_replacement(
                raw,
                &mut self.text,
                self.is_at_end,
            );
            self.raw_from += consumed;
            match result {
                DecoderResult::InputEmpty => self.is_finished = self.is_at_end,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.watch
                        .malformed
                        .push(self.watch.seen + self.text.len() as u64);
                    self.text.push_str(REPLACEMENT);
                }
            }
        }
        self.watch.see(self.text.as_bytes());
        if self.text.is_empty() && !self.is_behind_sent {
            self.is_behind_sent = true;
            self.watch.end = Some(self.watch.seen);
            self.text.push_str(BEHIND);
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.text_from == self.text.len() {
            self.watch.forget_inner_lines();
            if self.watch.seen.saturating_sub(self.watch.row_start) > LARGEST_ROW {
                return Err(io::Error::other(RowTooLarge));
            }
            self.fill()?;
        }
        let rest = &self.text.as_bytes()[self.text_from..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.text_from += count;
        Ok(count)
    }
}

impl Watch {
    fn see(&mut self, text: &[u8]) {
        for (offset, byte) in (self.seen..).zip(text) {
            match byte {
                b'\n' if self.was_carriage_return => {}
                b'\n' | b'\r' => {
                    self.line += 1;
                    self.is_line_start = true;
                }
                _ if self.is_line_start => {
                    self.line_starts.push_back((offset, self.line));
                    self.is_line_start = false;
                }
                _ => {}
            }
            self.was_carriage_return = *byte == b'\r';
        }
        self.seen += text.len() as u64;
    }

    /// More text is asked for, so the row goes on behind all lines seen: only its first one is of interest.
    fn forget_inner_lines(&mut self) {
        let start = self.row_start;
        self.line_starts.retain(|(offset, _)| *offset >= start);
        if let (true, Some((_, last))) = (self.line_starts.len() > 1, self.line_starts.back()) {
            self.forgotten = Some(*last);
        }
        self.line_starts.truncate(1);
        self.malformed.retain(|offset| *offset >= start);
        self.malformed.truncate(1);
    }

    fn row_read(&mut self, row_end: u64) -> RowPlace {
        let start = self.row_start;
        let first_line = self
            .line_starts
            .iter()
            .find(|(offset, _)| *offset >= start)
            .map_or(self.line, |(_, line)| *line);
        let next = self
            .line_starts
            .partition_point(|(offset, _)| *offset < row_end);
        let last_start = next.checked_sub(1).map(|last| self.line_starts[last].1);
        let last_line = last_start.max(self.forgotten).unwrap_or(first_line);
        let is_malformed = self
            .malformed
            .iter()
            .any(|offset| (start..row_end).contains(offset));
        let reach = match self.end {
            // The line break behind the file ends what is read, or the row has gone on into what follows it.
            Some(end) if row_end > end + 1 => match self
                .line_starts
                .iter()
                .any(|(offset, _)| (start..end).contains(offset))
            {
                true => Reach::Unclosed,
                false => Reach::Behind,
            },
            _ => Reach::Inside,
        };
        self.line_starts.drain(..next);
        self.malformed.retain(|offset| *offset >= row_end);
        self.forgotten = None;
        self.row_start = row_end;
        RowPlace {
            first_line,
            last_line,
            is_malformed,
            reach,
        }
    }
}
