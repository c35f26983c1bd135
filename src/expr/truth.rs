//! What holds as a condition. Cells of a data file and fields of Sugar are text, of which `false` and `0` say no; the engine
//! alone would take all text that is not empty for a yes.

use minijinja::Environment;
use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;
use minijinja::machinery::ast::Call;
use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::Spanned;
use minijinja::machinery::ast::Var;
use minijinja::value::ValueKind;

/// The name under which templates ask: `_holds(value)`.
const HOLDS: &str = "_holds";

pub(super) fn add_to(engine: &mut Environment<'_>) {
    engine.add_function(HOLDS, of);
    engine.add_filter("bool", of);
}

/// Whether a value says yes.
pub(super) fn of(value: &Value) -> Result<bool, Error> {
    if value.is_undefined() {
        return Err(Error::new(
            ErrorKind::UndefinedError,
            "the value is undefined",
        ));
    }
    Ok(match value.as_str() {
        Some(text) => {
            let text = text.trim();
            !(text.is_empty() || text == "0" || text.eq_ignore_ascii_case("false"))
        }
        None => value.is_true(),
    })
}

/// Whether one is a truth value and the other text that reads as the same.
pub(super) fn are_equal(left: &Value, right: &Value) -> bool {
    let same = |flag: &Value, text: &Value| {
        let Some(text) = text.as_str().filter(|_| flag.kind() == ValueKind::Bool) else {
            return false;
        };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => flag.is_true(),
            "false" | "0" => !flag.is_true(),
            _ => false,
        }
    };
    same(left, right) || same(right, left)
}

/// The question whether the value of an expression says yes.
pub(super) fn asked(expr: Expr<'_>) -> Expr<'_> {
    let span = expr.span();
    let callee = Expr::Var(Spanned::new(Var { id: HOLDS }, span));
    let args = vec![CallArg::Pos(expr)];
    Expr::Call(Spanned::new(Call { expr: callee, args }, span))
}
