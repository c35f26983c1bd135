//! Chance that repeats: a small generator (`SplitMix64`), good enough for names and amounts.

use uuid::Uuid;

#[derive(Debug)]
pub(crate) struct Dice {
    state: u64,
    namespace: Uuid,
    ids: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let namespace = Uuid::new_v5(
            &Uuid::NAMESPACE_URL,
            format!("sugarmill:sandbox:{seed}").as_bytes(),
        );
        Self {
            state: seed,
            namespace,
            ids: 0,
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which must not be 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// The next id: a UUID that depends on the seed and the count alone.
    pub(crate) fn id(&mut self) -> String {
        self.ids += 1;
        Uuid::new_v5(&self.namespace, &self.ids.to_be_bytes()).to_string()
    }
}
