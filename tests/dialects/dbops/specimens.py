"""Manifests of the group: as its manual prints them, and with everything that can be honoured."""

from __future__ import annotations

PRINTED = """
apiVersion: v1
kind: Secret
metadata:
  name: postgres-admin-creds
type: Opaque
stringData:
  username: postgres
  password: supersecret
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: DatabaseInstance
metadata:
  name: postgres-server
spec:
  engine: postgres
  connection:
    host: postgres.default.svc.cluster.local
    port: 5432
    secretRef:
      name: postgres-admin-creds
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: Database
metadata:
  name: myapp-db
spec:
  name: myapp
  instanceRef:
    name: postgres-server
  postgres:
    encoding: UTF8
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: DatabaseUser
metadata:
  name: myapp-user
spec:
  username: myapp
  instanceRef:
    name: postgres-server
  databaseRef:
    name: myapp-db
  passwordSecret:
    generate: true
    secretName: myapp-db-credentials
"""
FURTHER = """
apiVersion: v1
kind: Secret
metadata:
  name: shared-admin
stringData:
  username: postgres
  password: supersecret
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: DatabaseRole
metadata:
  name: myapp-readers
spec:
  roleName: myapp_readers
  instanceRef:
    name: postgres-server
  postgres:
    login: false
    grants:
      - database: myapp
        schema: public
        tables: ["*"]
        privileges: [SELECT]
      - database: myapp
        privileges: [CONNECT]
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: DatabaseGrant
metadata:
  name: myapp-user-reads
spec:
  userRef:
    name: myapp-user
  databaseRef:
    name: myapp-db
  postgres:
    roles: [myapp_readers]
    grants:
      - database: myapp
        schema: public
        privileges: [USAGE, CREATE]
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: ClusterDatabaseInstance
metadata:
  name: shared
spec:
  engine: postgres
  connection:
    host: postgres.default.svc.cluster.local
    port: 5432
    secretRef:
      name: shared-admin
      namespace: default
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: ClusterDatabaseRole
metadata:
  name: auditors
spec:
  clusterInstanceRef:
    name: shared
  roleName: auditors
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: DatabaseUser
metadata:
  name: auditor
spec:
  clusterInstanceRef:
    name: shared
  username: auditor
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: ClusterDatabaseGrant
metadata:
  name: auditors-read
spec:
  clusterInstanceRef:
    name: shared
  roleRef:
    name: auditors
  postgres:
    grants:
      - database: myapp
        schema: public
        tables: ["*"]
        privileges: [SELECT]
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: ClusterDatabaseGrant
metadata:
  name: auditor
spec:
  clusterInstanceRef:
    name: shared
  userRef:
    name: auditor
    namespace: default
  postgres:
    roles: [auditors]
"""
FULL = """
apiVersion: dbops.dbprovision.io/v1alpha1
kind: DatabaseInstance
metadata:
  name: server
  annotations:
    dbops.dbprovision.io/force-delete: "true"
spec:
  engine: postgres
  connection:
    host: db.example
    port: 5433
    database: admin
    existingSecret: {name: login, namespace: default, keys: {username: user, password: pass}}
  tls: {enabled: true, mode: verify-full, secretRef: {name: tls, keys: {ca: ca.crt, cert: tls.crt, key: tls.key}}}
  healthCheck: {enabled: true, intervalSeconds: 60, timeoutSeconds: 3}
  driftPolicy: {mode: correct, interval: 5m}
  discovery: {enabled: true, interval: 10m}
  resourceTracking: {enabled: true, commentFormat: "{{ .Operator }} {{ .Namespace }}/{{ .Name }}"}
  postgres: {sslMode: verify-full, connectTimeout: 5, statementTimeout: 30s, applicationName: shop}
  deletionProtection: false
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: Database
metadata:
  name: shop
spec:
  name: shop
  instanceRef: {name: server, namespace: platform}
  owner: shop_owner
  deletionPolicy: Retain
  deletionProtection: false
  driftPolicy: {mode: ignore}
  initSQL: {inline: ["CREATE TABLE once (a int)"], failurePolicy: Continue}
  postgres:
    encoding: UTF8
    lcCollate: C
    lcCtype: C
    tablespace: pg_default
    template: template0
    connectionLimit: 7
    isTemplate: false
    allowConnections: true
    extensions: [{name: vector, schema: public, version: "0.8"}]
    schemas: [{name: sales, owner: shop_owner}]
    defaultPrivileges: [{role: reader, schema: sales, objectType: tables, privileges: [SELECT]}]
    ownership: {autoOwnership: false, setDefaultPrivileges: true}
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: DatabaseUser
metadata:
  name: app
  annotations:
    dbops.dbprovision.io/deletion-policy: Retain
    dbops.dbprovision.io/allow-destructive-drift: "true"
spec:
  username: shop_app
  clusterInstanceRef: {name: server}
  passwordSecret:
    generate: true
    length: 40
    includeSpecialChars: false
    excludeChars: "0O"
    secretName: app
    secretTemplate:
      type: Opaque
      labels: {team: shop}
      annotations: {note: made}
      data: {DSN: "postgresql://{{ urlEncode .Username }}:{{ urlEncode .Password }}@{{ .Host }}"}
  roles: [readers]
  driftPolicy: {mode: detect, interval: 1h}
  postgres:
    connectionLimit: 5
    validUntil: "2030-01-01T00:00:00Z"
    createDB: true
    inherit: true
    login: true
    inRoles: [writers]
    defaultRole: readers
    configParameters: {statement_timeout: 5s}
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: DatabaseRole
metadata:
  name: readers
  annotations:
    dbops.dbprovision.io/deletion-policy: Retain
    dbops.dbprovision.io/deletion-protection: "true"
    dbaas.io/allowed-namespaces: "team-a, team-b"
spec:
  roleName: readers
  instanceRef: {name: server}
  driftPolicy: {mode: correct, interval: 30s}
  postgres:
    login: false
    inherit: false
    createDB: true
    createRole: false
    superuser: false
    replication: false
    bypassRLS: false
    inRoles: [pg_monitor]
    grants:
      - {database: shop, privileges: [CONNECT, TEMPORARY], withGrantOption: true}
      - {database: shop, schema: sales, privileges: [USAGE]}
      - {database: shop, schema: sales, tables: ["*"], sequences: ["*"], privileges: [SELECT]}
      - {database: shop, schema: sales, functions: ["*"], privileges: [EXECUTE]}
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: DatabaseGrant
metadata:
  name: app
spec:
  userRef: {name: app}
  databaseRef: {name: shop, namespace: platform}
  deletionProtection: false
  driftPolicy: {mode: detect, interval: 1h}
  postgres:
    roles: [readers]
    grants: [{database: shop, schema: sales, tables: [orders], privileges: [SELECT, INSERT], withGrantOption: true}]
    defaultPrivileges:
      - {database: shop, schema: sales, grantedBy: shop_owner, objectType: tables, privileges: [SELECT]}
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: ClusterDatabaseInstance
metadata:
  name: shared
  annotations:
    dbops.dbprovision.io/adopt-databases: "one,two"
spec:
  engine: postgres
  connection:
    host: db.example
    port: 5432
    database: postgres
    sslMode: verify-full
    secretRef: {name: login, namespace: platform, keys: {username: user, password: pass}}
    tls: {secretRef: {name: tls, keys: {ca: ca.crt, cert: tls.crt, key: tls.key}}}
  healthCheck: {enabled: true, intervalSeconds: 60, timeoutSeconds: 3}
  driftPolicy: {mode: correct, interval: 5m}
  discovery: {enabled: true, interval: 10m}
  resourceTracking: {enabled: true}
  postgres: {connectTimeout: 5, statementTimeout: 30s, applicationName: shop}
  deletionProtection: false
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: ClusterDatabaseRole
metadata:
  name: auditors
spec:
  clusterInstanceRef: {name: shared}
  roleName: auditors
  driftPolicy: {mode: ignore}
  postgres: {inherit: true, inRoles: [pg_read_all_data]}
---
apiVersion: dbops.dbprovision.io/v1alpha1
kind: ClusterDatabaseGrant
metadata:
  name: auditors
spec:
  clusterInstanceRef: {name: shared}
  userRef: {name: app, namespace: shop}
  deletionProtection: false
  driftPolicy: {mode: correct}
  postgres:
    roles: [auditors]
    grants: [{database: shop, schema: sales, functions: ["*"], privileges: [EXECUTE]}]
    defaultPrivileges:
      - {database: shop, schema: sales, grantedBy: shop_owner, objectType: functions, privileges: [EXECUTE]}
"""
