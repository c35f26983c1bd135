//! Enums that are words where they are kept: one table for the way there and back.

/// Declares an enum with the word of each variant: `ALL`, `as_str`, `parse`.
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$of_variant:meta])* $variant:ident => $text:literal,)+
    }) => {
        $(#[$meta])*
        $vis enum $name { $($(#[$of_variant])* $variant,)+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }
        }
    };
}

pub(crate) use text_enum;
