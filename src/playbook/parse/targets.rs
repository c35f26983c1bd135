//! The records that a verb about links or favourites works on.

use super::super::ast::FavoriteArgs;
use super::super::ast::LinkArgs;
use super::super::code;
use super::super::node::Node;
use super::arguments::Arguments;
use crate::diag::Located;
use crate::diag::Problem;

impl Arguments<'_, '_> {
    pub(super) fn link(&mut self, subject: Located<Node>) -> Option<LinkArgs> {
        let (module, record, through, to) = (
            self.module(subject),
            self.record(),
            self.through(),
            self.targets(),
        );
        Some(LinkArgs {
            module: module?,
            record,
            through: through?,
            to: to?,
        })
    }

    pub(super) fn favorite(&mut self, subject: Located<Node>) -> Option<FavoriteArgs> {
        let (module, record) = (self.module(subject), self.record());
        Some(FavoriteArgs {
            module: module?,
            record,
        })
    }

    /// An id, a template, a list of ids, or maps with an id and columns.
    fn targets(&mut self) -> Option<Located<Node>> {
        let node = self.take("to")?;
        let span = node.span;
        match node.value {
            Node::List(items) => {
                let targets = items.into_iter().map(|item| self.target(item)).collect();
                Some(Located::new(Node::List(targets), span))
            }
            value => Some(self.target(Located::new(value, span))),
        }
    }

    fn target(&mut self, node: Located<Node>) -> Located<Node> {
        let Node::Map(entries) = &node.value else {
            return self.id("to", node);
        };
        if entries.iter().any(|(key, _)| key.value == "id") {
            return node;
        }
        let problem = Problem::error(code::MISSING_PARAMETER, "a map in `to` wants an `id`")
            .at(node.span, "no `id` here")
            .help("such as `{ id: \"{{ item.id }}\", contact_role: Influencer }`");
        self.reader.report(problem);
        Located::new(Node::Unread, node.span)
    }
}
