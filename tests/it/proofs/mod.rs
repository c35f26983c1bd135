//! Plan, apply exactly that, undo: the promises, proved over the built binary and a Sugar in a process of its own.

mod alike;
mod columns;
mod dice;
mod drift;
mod exact;
mod ground;
mod guards;
mod hanging;
mod ids;
mod kills;
mod linked_before;
mod partly;
mod picture;
mod playbooks;
mod twice;
