"""What every part stands on and that knows no domain: time, chance, threads, processes, names, sizes, secrets."""
