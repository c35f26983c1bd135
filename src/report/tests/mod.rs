//! Reports of small run files, as people and programs get them.

mod fixtures;
mod html;
mod json;
mod lists;
mod markdown;
mod privacy;
mod text;
