//! Walks over the syntax trees of statements, which are compiled once for all visitors.
//!
//! A walk of sqlparser's is code for every node of the language, and it is made anew for each visitor, of
//! which there are a hundred: that was a quarter of the program. Here visitors are called through a table
//! of their methods. Names and arguments are those of sqlparser's, whose visitors these are.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, ObjectName, Query, Select, Statement, TableFactor, ValueWithSpan, Visitor,
    VisitorMut,
};

/// The methods of a visitor, as a trait that objects can have, what stands between such an object and a
/// walk of sqlparser's, and what keeps the value that a walk is broken off with.
macro_rules! walks {
    (
        $visitor:ident, $steps:ident, $erased:ident, $kept:ident,
        [$(($method:ident, $node:ty)),* $(,)?]
    ) => {
        trait $steps {
            $(fn $method(&mut self, node: $node) -> ControlFlow<()>;)*
        }

        struct $erased<'a>(&'a mut dyn $steps);

        impl $visitor for $erased<'_> {
            type Break = ();

            $(fn $method(&mut self, node: $node) -> ControlFlow<()> {
                self.0.$method(node)
            })*
        }

        struct $kept<'a, V: $visitor> {
            visitor: &'a mut V,
            broken: Option<V::Break>,
        }

        impl<'a, V: $visitor> $kept<'a, V> {
            fn new(visitor: &'a mut V) -> Self {
                let broken = None;
                Self { visitor, broken }
            }

            /// How the walk has ended.
            fn flow(self) -> ControlFlow<V::Break> {
                match self.broken {
                    None => ControlFlow::Continue(()),
                    Some(value) => ControlFlow::Break(value),
                }
            }
        }

        impl<V: $visitor> $steps for $kept<'_, V> {
            $(fn $method(&mut self, node: $node) -> ControlFlow<()> {
                match self.visitor.$method(node) {
                    ControlFlow::Continue(()) => ControlFlow::Continue(()),
                    ControlFlow::Break(value) => {
                        self.broken = Some(value);
                        ControlFlow::Break(())
                    }
                }
            })*
        }
    };
}

/// A part of a statement that visitors walk over.
pub trait Visit {
    /// Calls a visitor for each node, until it breaks off.
    fn visit<V: Visitor>(&self, visitor: &mut V) -> ControlFlow<V::Break>;
}

/// A part of a statement that visitors walk over, and may change.
pub trait VisitMut {
    /// Calls a visitor for each node, until it breaks off.
    fn visit<V: VisitorMut>(&mut self, visitor: &mut V) -> ControlFlow<V::Break>;
}

walks!(
    Visitor,
    Steps,
    Erased,
    Kept,
    [
        (pre_visit_query, &Query),
        (post_visit_query, &Query),
        (pre_visit_select, &Select),
        (post_visit_select, &Select),
        (pre_visit_relation, &ObjectName),
        (post_visit_relation, &ObjectName),
        (pre_visit_table_factor, &TableFactor),
        (post_visit_table_factor, &TableFactor),
        (pre_visit_expr, &Expr),
        (post_visit_expr, &Expr),
        (pre_visit_statement, &Statement),
        (post_visit_statement, &Statement),
        (pre_visit_value, &ValueWithSpan),
        (post_visit_value, &ValueWithSpan),
    ]
);

walks!(
    VisitorMut,
    StepsMut,
    ErasedMut,
    KeptMut,
    [
        (pre_visit_query, &mut Query),
        (post_visit_query, &mut Query),
        (pre_visit_select, &mut Select),
        (post_visit_select, &mut Select),
        (pre_visit_relation, &mut ObjectName),
        (post_visit_relation, &mut ObjectName),
        (pre_visit_table_factor, &mut TableFactor),
        (post_visit_table_factor, &mut TableFactor),
        (pre_visit_expr, &mut Expr),
        (post_visit_expr, &mut Expr),
        (pre_visit_statement, &mut Statement),
        (post_visit_statement, &mut Statement),
        (pre_visit_value, &mut ValueWithSpan),
        (post_visit_value, &mut ValueWithSpan),
    ]
);

impl<T: ast::Visit> Visit for T {
    fn visit<V: Visitor>(&self, visitor: &mut V) -> ControlFlow<V::Break> {
        let mut kept = Kept::new(visitor);
        let _ = ast::Visit::visit(self, &mut Erased(&mut kept));
        kept.flow()
    }
}

impl<T: ast::VisitMut> VisitMut for T {
    fn visit<V: VisitorMut>(&mut self, visitor: &mut V) -> ControlFlow<V::Break> {
        let mut kept = KeptMut::new(visitor);
        let _ = ast::VisitMut::visit(self, &mut ErasedMut(&mut kept));
        kept.flow()
    }
}

/// Has an error break a walk off.
pub fn flow<E>(result: Result<(), E>) -> ControlFlow<E> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

/// The error that a walk was broken off with, if it was.
///
/// # Errors
/// That one.
pub fn ended<E>(flow: ControlFlow<E>) -> Result<(), E> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Calls for each expression, before those within it, until one breaks off.
pub fn visit_expressions<E>(
    part: &impl Visit,
    see: impl FnMut(&Expr) -> ControlFlow<E>,
) -> ControlFlow<E> {
    struct Expressions<F>(F);

    impl<E, F: FnMut(&Expr) -> ControlFlow<E>> Visitor for Expressions<F> {
        type Break = E;

        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<E> {
            self.0(expression)
        }
    }

    Visit::visit(part, &mut Expressions(see))
}

/// Calls for each expression, behind those within it, until one breaks off.
pub fn visit_expressions_mut<E>(
    part: &mut impl VisitMut,
    change: impl FnMut(&mut Expr) -> ControlFlow<E>,
) -> ControlFlow<E> {
    struct Expressions<F>(F);

    impl<E, F: FnMut(&mut Expr) -> ControlFlow<E>> VisitorMut for Expressions<F> {
        type Break = E;

        fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<E> {
            self.0(expression)
        }
    }

    VisitMut::visit(part, &mut Expressions(change))
}

/// Calls for each expression that is in no subquery, before those within it, until one breaks off.
pub fn visit_own_expressions<E>(
    part: &impl Visit,
    see: impl FnMut(&Expr) -> ControlFlow<E>,
) -> ControlFlow<E> {
    struct Own<F> {
        see: F,
        /// How many queries are around.
        depth: usize,
    }

    impl<E, F: FnMut(&Expr) -> ControlFlow<E>> Visitor for Own<F> {
        type Break = E;

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<E> {
            self.depth += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<E> {
            self.depth -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<E> {
            match self.depth {
                0 => (self.see)(expression),
                _ => ControlFlow::Continue(()),
            }
        }
    }

    let depth = 0;
    Visit::visit(part, &mut Own { see, depth })
}

/// [`visit_own_expressions`], which may be changed.
pub fn visit_own_expressions_mut<E>(
    part: &mut impl VisitMut,
    change: impl FnMut(&mut Expr) -> ControlFlow<E>,
) -> ControlFlow<E> {
    struct Own<F> {
        see: F,
        /// How many queries are around.
        depth: usize,
    }

    impl<E, F: FnMut(&mut Expr) -> ControlFlow<E>> VisitorMut for Own<F> {
        type Break = E;

        fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<E> {
            self.depth += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<E> {
            self.depth -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<E> {
            match self.depth {
                0 => (self.see)(expression),
                _ => ControlFlow::Continue(()),
            }
        }
    }

    let depth = 0;
    VisitMut::visit(part, &mut Own { see: change, depth })
}

/// Calls for the name of each relation, until one breaks off.
pub fn visit_relations<E>(
    part: &impl Visit,
    see: impl FnMut(&ObjectName) -> ControlFlow<E>,
) -> ControlFlow<E> {
    struct Relations<F>(F);

    impl<E, F: FnMut(&ObjectName) -> ControlFlow<E>> Visitor for Relations<F> {
        type Break = E;

        fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<E> {
            self.0(name)
        }
    }

    Visit::visit(part, &mut Relations(see))
}
