-- act_as
SET LOCAL ROLE "it""s";

-- act_as_ourselves
SET LOCAL ROLE NONE;

-- alter_role
ALTER ROLE "it""s" CONNECTION LIMIT 5;
ALTER ROLE "it""s" PASSWORD '********';

-- create_database
CREATE DATABASE "it""s" TEMPLATE "template0" ALLOW_CONNECTIONS false;
CREATE DATABASE "it""s" TEMPLATE "template1" OWNER "owner" ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' ALLOW_CONNECTIONS false;
CREATE DATABASE "it""s" TEMPLATE "template1" OWNER "owner" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' ALLOW_CONNECTIONS false;

-- create_extension
CREATE EXTENSION "it""s" SCHEMA "sales";
CREATE EXTENSION "it""s" SCHEMA "sales" VERSION '1.2';

-- comment_on_database
COMMENT ON DATABASE "it""s" IS 'it''s';
COMMENT ON DATABASE "it""s" IS NULL;

-- comment_on_role
COMMENT ON ROLE "it""s" IS 'it''s';
COMMENT ON ROLE "it""s" IS NULL;

-- create_role
CREATE ROLE "it""s";
CREATE ROLE "it""s" LOGIN VALID UNTIL 'infinity' PASSWORD '********';

-- create_schema
CREATE SCHEMA "it""s";
CREATE SCHEMA "it""s" AUTHORIZATION "owner";

-- drop_database
DROP DATABASE "it""s" WITH (FORCE);

-- drop_extension
DROP EXTENSION "it""s";

-- drop_owned
DROP OWNED BY "it""s";

-- drop_role
DROP ROLE "it""s";

-- drop_schema
DROP SCHEMA "it""s";

-- end_sessions
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'it"s';

-- end_sessions_in
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'it"s' AND pid <> pg_backend_pid() AND (pg_has_role(usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'));

-- grant
GRANT SELECT, INSERT ON TABLE "sales"."orders", "sales"."it""s" TO "app";
GRANT SELECT ON TABLE "sales"."orders", "sales"."it""s" TO "app" WITH GRANT OPTION;
GRANT SELECT ("id", "it""s"), UPDATE ("id", "it""s") ON TABLE "sales"."orders" TO PUBLIC;

-- grant_connect
GRANT CONNECT ON DATABASE "it""s" TO "app";

-- grant_future
ALTER DEFAULT PRIVILEGES FOR ROLE "owner" IN SCHEMA "sales" GRANT SELECT ON TABLES TO "app";
ALTER DEFAULT PRIVILEGES FOR ROLE "owner" GRANT SELECT ON SCHEMAS TO "app" WITH GRANT OPTION;

-- grant_membership
GRANT "it""s" TO "app" WITH ADMIN OPTION;
GRANT "it""s" TO "app" WITH ADMIN FALSE, INHERIT TRUE, SET FALSE;

-- join_role
GRANT "it""s" TO "us";
GRANT "it""s" TO "us" WITH INHERIT TRUE, SET TRUE;

-- leave_role
REVOKE "it""s" FROM "us";

-- move_extension
ALTER EXTENSION "it""s" SET SCHEMA "sales";

-- reassign_owned
REASSIGN OWNED BY "it""s" TO "owner";

-- rename_database
ALTER DATABASE "it""s" RENAME TO "new";

-- reset_parameter
ALTER ROLE "it""s" RESET "work_mem";
ALTER ROLE "it""s" IN DATABASE "shop" RESET "app"."Tenant";

-- revoke
REVOKE SELECT ON TABLE "sales"."orders", "sales"."it""s" FROM "app";
REVOKE GRANT OPTION FOR SELECT ON TABLE "sales"."orders", "sales"."it""s" FROM "app";

-- revoke_admin_option
REVOKE ADMIN OPTION FOR "it""s" FROM "app";

-- revoke_connect_from_public
REVOKE CONNECT ON DATABASE "it""s" FROM PUBLIC;

-- revoke_create_from_public
REVOKE CREATE ON SCHEMA "it""s" FROM PUBLIC;

-- revoke_future
ALTER DEFAULT PRIVILEGES FOR ROLE "owner" IN SCHEMA "sales" REVOKE SELECT ON TABLES FROM "app";
ALTER DEFAULT PRIVILEGES FOR ROLE "owner" IN SCHEMA "sales" REVOKE GRANT OPTION FOR SELECT ON TABLES FROM "app";

-- set_allow_connections
ALTER DATABASE "it""s" ALLOW_CONNECTIONS false;

-- set_connection_limit
ALTER DATABASE "it""s" CONNECTION LIMIT -1;

-- set_database_owner
ALTER DATABASE "it""s" OWNER TO "owner";

-- set_is_template
ALTER DATABASE "it""s" IS_TEMPLATE true;

-- set_parameter
ALTER ROLE "it""s" SET "work_mem" TO '4MB';
ALTER ROLE "it""s" IN DATABASE "shop" SET "search_path" TO 'app', 'My "own" x';

-- set_schema_owner
ALTER SCHEMA "it""s" OWNER TO "owner";

-- update_extension
ALTER EXTENSION "it""s" UPDATE TO '1.2';
