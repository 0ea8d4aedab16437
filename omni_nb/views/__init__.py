"""Show, play and plot in the notebook: chat, panel, player, explorers, plots and magics."""
