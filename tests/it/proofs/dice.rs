//! Chance that follows from a seed: `SUGARMILL_PROVE_SEED` throws the same again.

pub(super) struct Dice {
    pub(super) seed: u64,
    state: u64,
}

impl Dice {
    pub(super) fn from_environment() -> Self {
        let given = std::env::var("SUGARMILL_PROVE_SEED").ok();
        let given = given.and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
        Self { seed, state: seed }
    }

    /// A number below a bound (xorshift).
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }
}
