//! The run file. Here only what the border that cannot write needs of it.

/// Leave to write. There is no way to make one outside this module.
#[derive(Debug)]
pub struct Permit {
    _private: (),
}

#[cfg(test)]
impl Permit {
    pub(crate) fn for_tests() -> Self {
        Self { _private: () }
    }
}
