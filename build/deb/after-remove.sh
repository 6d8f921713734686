#!/bin/sh
set -e

if [ -d /run/systemd/system ]; then
  if [ "$1" = remove ] || [ "$1" = purge ]; then
    systemctl stop gatehouse.service 2>/dev/null || true
  fi
  systemctl daemon-reload
fi
if [ "$1" = purge ]; then
  rm -rf /var/lib/gatehouse
  if getent passwd gatehouse >/dev/null; then
    deluser --quiet --system gatehouse || true
  fi
fi
