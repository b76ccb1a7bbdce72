#!/usr/bin/env bash
# A channel that writes what it would send to the file named by its first
# argument, and answers as a robot does.
printf '%s|%s|%s|%s|%s\n' "$alarm_id" "$alarm_status" "$alarm_level" "$alarm_target" "$alarm_description" >> "$1" || exit 1
printf '{"errcode":0,"errmsg":"ok"}\n'
