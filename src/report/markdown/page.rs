//! A document that fits a comment, whatever is put into it: what does not fit is counted.

use std::collections::BTreeMap;

use crate::report::text::grouped;

/// What GitHub takes as a comment, in characters. Bytes are counted here, of which there are never fewer.
pub(super) const LARGEST: usize = 65_536;

/// Left free for what somebody puts before or behind it.
const SPARE: usize = 512;

/// Room for saying that something was cut.
const REMARK: usize = 240;

/// What is counted: one, and several.
pub(super) type Noun = [&'static str; 2];

/// "1 oddity", "1,200 oddities".
pub(super) fn counted(count: u64, [one, several]: Noun) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{} {several}", grouped(count)),
    }
}

/// The document, and what of it was left out.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    left_out: BTreeMap<Noun, u64>,
    /// Kept for the end, which is never cut.
    end: usize,
}

/// A piece of a document with room of its own.
#[derive(Debug)]
pub(super) struct Part {
    text: String,
    room: usize,
}

impl Page {
    /// A page whose end is so long.
    pub(super) fn ending_with(end: &str) -> Self {
        Self {
            end: end.len() + SPARE + 4 * REMARK,
            ..Self::default()
        }
    }

    /// A part that takes so many bytes at most, or what is left.
    pub(super) fn part(&self, most: usize) -> Part {
        Part {
            text: String::new(),
            room: most.min(LARGEST.saturating_sub(self.text.len() + self.end)),
        }
    }

    pub(super) fn room(&self) -> usize {
        self.part(LARGEST).room
    }

    pub(super) fn put(&mut self, part: &Part) {
        self.text.push_str(&part.text);
    }

    /// Says that so many of something are not shown.
    pub(super) fn leave_out(&mut self, what: Noun, count: u64) {
        if count > 0 {
            *self.left_out.entry(what).or_default() += count;
        }
    }

    /// What was left out, and the command that leaves nothing out; then the end.
    pub(super) fn finish(mut self, all: &str, end: &str) -> String {
        if !self.left_out.is_empty() {
            let pieces: Vec<String> = self
                .left_out
                .iter()
                .map(|(what, count)| counted(*count, *what))
                .collect();
            self.text.push_str(&format!(
                "\n**Not shown here**, to fit a comment: {}. All of it: {all}\n",
                pieces.join(", ")
            ));
        }
        self.text.push_str(end);
        self.text
    }
}

impl Part {
    /// Adds a piece if it fits, with room for a remark behind it.
    pub(super) fn add(&mut self, piece: &str) -> bool {
        let fits = self.text.len() + piece.len() + REMARK <= self.room;
        if fits {
            self.text.push_str(piece);
        }
        fits
    }

    /// A short line for which `add` keeps room; one for each part.
    pub(super) fn remark(&mut self, text: &str) {
        if text.len() <= REMARK && self.text.len() + text.len() <= self.room {
            self.text.push_str(text);
        }
    }

    /// A part within this one.
    pub(super) fn within(&self, most: usize) -> Self {
        let left = self.room.saturating_sub(self.text.len() + REMARK);
        Self {
            text: String::new(),
            room: most.min(left),
        }
    }

    pub(super) fn put(&mut self, part: &Self) {
        self.text.push_str(&part.text);
    }

    pub(super) fn room(&self) -> usize {
        self.room.saturating_sub(self.text.len() + REMARK)
    }

    /// What must not be missing behind what was added; whoever adds that has kept room for this.
    pub(super) fn close(&mut self, closing: &str) {
        self.text.push_str(closing);
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_several() {
        let mut page = Page::default();
        page.leave_out(["oddity", "oddities"], 1);
        page.leave_out(["operation", "operations"], 1_200);
        let text = page.finish("`show`", "");
        assert!(
            text.contains(": 1 oddity, 1,200 operations. All of it"),
            "{text}"
        );
    }
}
