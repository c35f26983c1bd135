//! Conditions about the user who asks: `$owner`, `$favorite` and their like.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relative {
    Owner,
    Creator,
    Favorite,
    Following,
    Tracker,
}

impl Relative {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "$owner" => Self::Owner,
            "$creator" => Self::Creator,
            "$favorite" => Self::Favorite,
            "$following" => Self::Following,
            "$tracker" => Self::Tracker,
            _ => return None,
        })
    }
}
