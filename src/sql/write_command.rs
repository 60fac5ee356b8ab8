//! Which statements write.

use super::Statement;
use super::copy::Direction;
use super::drop::DropKind;
use super::name::ObjectName;
use super::owned::OwnedAction;
use super::row_locks;

impl Statement {
    /// The command of a statement that writes; none for one that reads. What `EXECUTE` runs is known
    /// to the session alone.
    pub fn write_command(&self) -> Option<&'static str> {
        match self {
            Self::Query(query) => row_locks::command(query),
            Self::Declare(declare) => row_locks::command(&declare.query),
            Self::DescribeHistory(_)
            | Self::Set(_)
            | Self::Show(_)
            | Self::Transaction(_)
            | Self::Prepare(_)
            | Self::Execute(_)
            | Self::Deallocate(_)
            | Self::Fetch(_)
            | Self::Close(_)
            | Self::Discard(_)
            | Self::Listen(_)
            | Self::Unlisten(_)
            | Self::Notify(_)
            | Self::Analyze(_)
            | Self::Reindex(_)
            | Self::Checkpoint(_) => None,
            Self::Explain(explain) => match explain.analyze {
                true => explain.statement.write_command(),
                false => None,
            },
            Self::Copy(copy) => match &copy.direction {
                Direction::FromStdin { .. } => Some("COPY FROM"),
                Direction::TableToStdout { .. } => None,
                Direction::QueryToStdout(query) => row_locks::command(query),
            },
            Self::Insert(_) => Some("INSERT"),
            Self::Update(_) => Some("UPDATE"),
            Self::Delete(_) => Some("DELETE"),
            Self::Merge(_) => Some("MERGE"),
            Self::WithChanges(with) => with.command(),
            Self::Truncate(_) => Some("TRUNCATE"),
            Self::Lock(lock) => lock.mode.excludes_writers().then_some("LOCK TABLE"),
            Self::Optimize(_) => Some("OPTIMIZE"),
            Self::Vacuum(_) => Some("VACUUM"),
            Self::Restore(_) => Some("RESTORE"),
            Self::Refresh(refresh) => Some(match refresh.kind {
                DropKind::Model => "REFRESH MODEL",
                _ => "REFRESH MATERIALIZED VIEW",
            }),
            Self::Alter(alter) if alter.is_of_a_model() => Some("ALTER MODEL ... SET"),
            Self::Alter(_) => Some("ALTER"),
            Self::Drop(_) => Some("DROP"),
            Self::Comment(_) => Some("COMMENT"),
            Self::CreateSchema(_) => Some("CREATE SCHEMA"),
            Self::CreateExternalTable(_) => Some("CREATE EXTERNAL TABLE"),
            Self::CreateView(_) => Some("CREATE VIEW"),
            Self::CreateMaterializedView(_) => Some("CREATE MATERIALIZED VIEW"),
            Self::CreateTable(_) => Some("CREATE TABLE"),
            Self::CreateSequence(_) => Some("CREATE SEQUENCE"),
            Self::CreateType(_) | Self::CreateComposite(_) => Some("CREATE TYPE"),
            Self::CreateDomain(_) => Some("CREATE DOMAIN"),
            Self::CreateFunction(_) => Some("CREATE FUNCTION"),
            Self::AlterFunction(_) => Some("ALTER FUNCTION"),
            Self::DropFunction(_) => Some("DROP FUNCTION"),
            Self::CreateExtension(_) => Some("CREATE EXTENSION"),
            Self::DropOtherKinds(_) => Some("DROP"),
            Self::DropExtension(_) => Some("DROP EXTENSION"),
            Self::CreateRole(_) => Some("CREATE ROLE"),
            Self::AlterRole(_) => Some("ALTER ROLE"),
            Self::DropRole(_) => Some("DROP ROLE"),
            Self::Grant(grant) => Some(if grant.revokes { "REVOKE" } else { "GRANT" }),
            Self::AlterDefaultPrivileges(_) => Some("ALTER DEFAULT PRIVILEGES"),
            Self::Owned(owned) => Some(match owned.action {
                OwnedAction::Reassign(_) => "REASSIGN OWNED",
                OwnedAction::Drop { .. } => "DROP OWNED",
            }),
            Self::CreateIndex(_) => Some("CREATE INDEX"),
            Self::CreateCheck(_) => Some("CREATE CHECK"),
            Self::CreateModel(_) => Some("CREATE MODEL"),
        }
    }

    /// The table whose rows a statement changes, where it changes nothing else.
    pub fn changed_table(&self) -> Option<&ObjectName> {
        match self {
            Self::Insert(insert) => Some(&insert.target.table),
            Self::Update(update) => Some(&update.target.table),
            Self::Delete(delete) => Some(&delete.target.table),
            Self::Merge(merge) => Some(&merge.target.table),
            Self::Copy(copy) => match &copy.direction {
                Direction::FromStdin { table, .. } => Some(table),
                _ => None,
            },
            _ => None,
        }
    }
}
