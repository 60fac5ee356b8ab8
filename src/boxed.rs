//! Asynchronous methods of traits of DataFusion's, whose futures are boxed by functions of their own.
//!
//! Such a method has bounds on its lifetimes (`'life0: 'async_trait`), since `async_trait` makes it. Where
//! its future is boxed there, as `async fn` in the implementation has it, the compiler finds out anew for
//! each type that it holds whether that is `Send`, down to all expressions and plans, and keeps nothing of
//! it: that took four fifths of the time of checking this crate. In a function without such bounds it finds
//! it out once.

/// `TableProvider::scan`, by an asynchronous method of the type's with the same arguments.
macro_rules! scan_by {
    ($provider:ty, $scan:ident) => {
        fn scan<'life0, 'life1, 'life2, 'life3, 'async_trait>(
            &'life0 self,
            state: &'life1 dyn ::datafusion::catalog::Session,
            projection: Option<&'life2 Vec<usize>>,
            filters: &'life3 [::datafusion::logical_expr::Expr],
            limit: Option<usize>,
        ) -> $crate::boxed::Scanned<'async_trait>
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            'life2: 'async_trait,
            'life3: 'async_trait,
            Self: 'async_trait,
        {
            fn boxed<'a>(
                provider: &'a $provider,
                state: &'a dyn ::datafusion::catalog::Session,
                projection: Option<&'a Vec<usize>>,
                filters: &'a [::datafusion::logical_expr::Expr],
                limit: Option<usize>,
            ) -> $crate::boxed::Scanned<'a> {
                Box::pin(provider.$scan(state, projection, filters, limit))
            }
            boxed(self, state, projection, filters, limit)
        }
    };
}

/// `AsyncScalarUDFImpl::invoke_async_with_args`, by an asynchronous method of the type's with the same
/// argument.
macro_rules! invoke_by {
    ($function:ty, $invoke:ident) => {
        fn invoke_async_with_args<'life0, 'async_trait>(
            &'life0 self,
            arguments: ::datafusion::logical_expr::ScalarFunctionArgs,
        ) -> $crate::boxed::Invoked<'async_trait>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            fn boxed(
                function: &$function,
                arguments: ::datafusion::logical_expr::ScalarFunctionArgs,
            ) -> $crate::boxed::Invoked<'_> {
                Box::pin(function.$invoke(arguments))
            }
            boxed(self, arguments)
        }
    };
}

/// `SchemaProvider::table`, by an asynchronous method of the type's with the same argument.
macro_rules! table_by {
    ($provider:ty, $table:ident) => {
        fn table<'life0, 'life1, 'async_trait>(
            &'life0 self,
            name: &'life1 str,
        ) -> $crate::boxed::Found<'async_trait>
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait,
        {
            fn boxed<'a>(provider: &'a $provider, name: &'a str) -> $crate::boxed::Found<'a> {
                Box::pin(provider.$table(name))
            }
            boxed(self, name)
        }
    };
}

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_plan::ExecutionPlan;
use futures::future::BoxFuture;
pub(crate) use {invoke_by, scan_by, table_by};

/// What a scan of a table will be.
pub type Scanned<'a> = BoxFuture<'a, Result<Arc<dyn ExecutionPlan>>>;
/// What a function will answer.
pub type Invoked<'a> = BoxFuture<'a, Result<ColumnarValue>>;
/// The table of a name, once it is looked up.
pub type Found<'a> = BoxFuture<'a, Result<Option<Arc<dyn TableProvider>>>>;
