-- act_as
SET LOCAL ROLE "it""s";

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

-- drop_role
DROP ROLE "it""s";

-- drop_schema
DROP SCHEMA "it""s";

-- grant
GRANT SELECT, INSERT ON TABLE "sales"."orders", "sales"."it""s" TO "app";
GRANT SELECT ON TABLE "sales"."orders", "sales"."it""s" TO "app" WITH GRANT OPTION;

-- grant_connect
GRANT CONNECT ON DATABASE "it""s" TO "app";

-- grant_future
ALTER DEFAULT PRIVILEGES FOR ROLE "owner" IN SCHEMA "sales" GRANT SELECT ON TABLES TO "app";
ALTER DEFAULT PRIVILEGES FOR ROLE "owner" GRANT SELECT ON SCHEMAS TO "app" WITH GRANT OPTION;

-- join_role
GRANT "it""s" TO "us";
GRANT "it""s" TO "us" WITH INHERIT TRUE, SET TRUE;

-- leave_role
REVOKE "it""s" FROM "us";

-- move_extension
ALTER EXTENSION "it""s" SET SCHEMA "sales";

-- revoke
REVOKE SELECT ON TABLE "sales"."orders", "sales"."it""s" FROM "app";
REVOKE GRANT OPTION FOR SELECT ON TABLE "sales"."orders", "sales"."it""s" FROM "app";

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

-- set_schema_owner
ALTER SCHEMA "it""s" OWNER TO "owner";

-- update_extension
ALTER EXTENSION "it""s" UPDATE TO '1.2';
