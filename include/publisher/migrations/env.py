"""Runs the ledger's migrations on the connection that open_database hands over; Alembic loads this file itself."""

from alembic import context

from include.publisher.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
