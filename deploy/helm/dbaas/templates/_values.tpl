{{/* The image of the operator: by its digest where that is given. */}}
{{- define "dbaas.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The labels of its objects, as the operator's --selector takes them. */}}
{{- define "dbaas.selector" -}}
{{- $terms := list -}}
{{- range $name, $value := .Values.selector -}}
{{- $terms = append $terms (printf "%s=%s" $name $value) -}}
{{- end -}}
{{- join "," $terms -}}
{{- end -}}
